import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FailoverClient } from '../../client/failover-client';
import { ReplicationClient } from '../../client/replication-client';
import type { StartedRun } from '../../client/start-run';
import type { FailoverPhase } from '../../domain/failover-phases';
import { DiskferryFailure, type FailureRecord } from '../../domain/failures';
import { applicationFailure } from '../support/scripted-activities';
import { APPLIANCE, replicateInput, startWorkflowWorld, type WorkflowWorld } from '../support/workflow-world';
import { FAILOVER_VM, POINT } from '../support/scripted-failover';
import { diskferry } from './support';

/** The client against a real Temporal server and the real workflows; only activities are scripted. No database. */

let world: WorkflowWorld;
let client: FailoverClient;
let folder = '';
beforeAll(async () => {
  world = await startWorkflowWorld();
  client = new FailoverClient({ temporal: world.client });
  folder = await mkdtemp(path.join(tmpdir(), 'diskferry-failover-client-'));
}, 120_000);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await world.close();
}, 120_000);

const requestId = '7d9a6f0e-37a9-4e0c-9d0e-6f4c3a0b1c2d';
let count = 0;
let source = { id: 'vcenter-qc', vm: '', name: 'pgtest1' };
let vm = { site: 'qc', sourceId: 'vcenter-qc', sourceVmId: '' };
let common: { schemaVersion: number; site: string; source: typeof source; appliance: string; budgets: object };
beforeEach(() => {
  world.reset();
  count += 1;
  source = { ...source, vm: `420570c7-f61f-a930-77c6-${String(count).padStart(12, '0')}` };
  vm = { ...vm, sourceVmId: source.vm };
  const budgets = { stepAttempts: 2, stepPause: '50ms', provisioningPause: '50ms' };
  common = { schemaVersion: 1, site: 'qc', source, appliance: APPLIANCE, budgets };
});

const target = { name: 'pgtest1-x', serviceOffering: 'small', template: 'shell', networks: [{ network: 'sandbox' }] };
const testRequest = (change: object = {}) => ({ ...common, kind: 'test', target, lease: '1h', ...change });
const liveRequest = (change: object = {}) => ({ ...common, kind: 'live', target, ...change });

/** Its run is replayed at the end. */
async function tracked<T extends StartedRun>(start: Promise<T>): Promise<T> {
  const started = await start;
  if (started.outcome === 'started') world.track(started.workflowId, started.runId);
  return started;
}

async function failureOf(call: Promise<unknown>): Promise<FailureRecord> {
  try {
    await call;
  } catch (error) {
    if (error instanceof DiskferryFailure) return error.record;
    throw error;
  }
  throw new Error('it threw nothing');
}

async function until(phase: FailoverPhase): Promise<void> {
  let last: string | undefined;
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    last = (await client.state(vm)).phase;
    if (last === phase) return;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw new Error(`it never became ${phase}; last seen: ${String(last)}`);
}

describe('a test', () => {
  test('is started, joined while it runs, extended, ended, and started anew afterwards', async () => {
    const first = await tracked(client.start(testRequest()));
    expect(first).toMatchObject({ outcome: 'started', vm, workflowId: `fail-over-vm/qc/vcenter-qc/${source.vm}` });
    expect(await client.start(testRequest())).toEqual({ ...first, outcome: 'running' });
    await until('running');
    const before = Date.parse((await client.state(vm)).leaseUntil ?? '');
    expect(Date.parse(await client.extendLease(vm, { by: '2h' })) - before).toBe(7_200_000);
    expect(await client.extendLease(vm, { until: '2099-01-01T00:00:00.000Z' })).toBe('2099-01-01T00:00:00.000Z');
    await client.endTest(vm);
    expect(await client.result(vm, first)).toMatchObject({ state: 'ended', kind: 'test', pointId: POINT });
    const second = await tracked(client.start(testRequest({ lease: '1ms' })));
    expect(second.outcome).toBe('started');
    expect((await client.result(vm)).state).toBe('ended');
  });

  test('the same request id and content is one run, also after it; with other content it is refused', async () => {
    const first = await tracked(client.start(testRequest({ requestId, lease: '1ms' })));
    await client.result(vm, first);
    expect(await client.start(testRequest({ requestId, lease: '1ms' }))).toEqual({ ...first, outcome: 'ended' });
    expect(await failureOf(client.start(testRequest({ requestId, lease: '2ms' })))).toMatchObject({
      code: 'request-id-used',
      fields: { differences: 'lease is "1ms" there, "2ms" here' },
    });
  });

  test('another request while one runs names the difference, the holder and the commands of failovers', async () => {
    await tracked(client.start(testRequest()));
    await until('running');
    const refused = await failureOf(client.start(liveRequest()));
    expect(refused).toMatchObject({ code: 'request-differs', fields: { phase: 'running' } });
    expect(refused.fields['differences']).toContain('kind is "test" there, "live" here');
    expect(refused.next).toContain(`diskferry failover cancel qc/vcenter-qc/${source.vm}`);
    await client.cancel(vm);
    await client.result(vm);
  });

  test('what a run does not take is refused with the reason and its own commands', async () => {
    await tracked(client.start(testRequest()));
    await until('running');
    const refused = await failureOf(client.confirm(vm));
    expect(refused.code).toBe('update-refused');
    expect(refused.next).toContain('diskferry failover status');
    expect(await failureOf(client.extendLease(vm, { until: '2001-01-01T00:00:00Z' }))).toMatchObject({
      code: 'update-refused',
      fields: { reason: expect.stringContaining('has passed already') },
    });
    await client.endTest(vm);
    await client.result(vm);
    expect(await failureOf(client.endTest(vm))).toMatchObject({ code: 'update-refused' });
  });

  test('that fails ends with its cause; what is said to do next is right for a failover', async () => {
    world.activities.script(({ name }) =>
      name === 'deployVm'
        ? Promise.reject(applicationFailure('deploy-refused', { name: 'pgtest1-x', cause: 'no' }))
        : undefined,
    );
    const started = await tracked(client.start(testRequest()));
    const ended = await failureOf(client.result(vm, started));
    expect(ended.code).toBe('failover-rolled-back');
    expect(ended.next).not.toMatch(/diskferry (retry|cancel|status|watch|abandon)/);
    expect(await client.status(vm)).toMatchObject({ execution: 'FAILED', workflow: { phase: 'rolled_back' } });
  });
});

test('a live failover waits for the source and for its confirmation; then back; then a revert', async () => {
  const started = await tracked(client.start(liveRequest({ quiesce: { by: 'update' }, confirm: true })));
  await until('quiescing');
  await client.sourceQuiesced(vm);
  await until('awaiting_confirmation');
  expect((await client.state(vm)).pointOfNoReturn).toBe('asked');
  await client.confirm(vm);
  const result = await client.result(vm, started);
  expect(result).toMatchObject({ state: 'failed_over', failoverVm: { id: FAILOVER_VM } });

  world.activities.script(({ name }) =>
    name === 'preflightFailover'
      ? Promise.reject(applicationFailure('no-free-slots', { applianceId: APPLIANCE, needed: 2, free: 0, limit: 8 }))
      : undefined,
  );
  const refused = await tracked(client.startBack({ ...common, discardWrites: true }));
  expect(await failureOf(client.result(vm, refused))).toMatchObject({ code: 'no-free-slots', class: 'refused' });
  expect(await client.status(vm)).toMatchObject({ execution: 'FAILED', workflow: { phase: 'refused' } });
  world.activities.script(() => undefined);

  const back = await tracked(client.startBack({ ...common, discardWrites: true }));
  expect(back.workflowId).toBe(`fail-back-vm/qc/vcenter-qc/${source.vm}`);
  expect(await client.result(vm, back)).toMatchObject({ state: 'returned', kind: 'back' });
  // The latest of the three is the one that stands for the VM now.
  expect((await client.status(vm)).workflow?.kind).toBe('back');

  const revert = await tracked(client.startRevert({ ...common, to: 'latest-point' }));
  expect(await client.result(vm)).toMatchObject({ state: 'reverted', kind: 'revert' });
  expect(revert.workflowId).toBe(`revert-vm/qc/vcenter-qc/${source.vm}`);
});

test('a failback must say that it discards', async () => {
  expect(await failureOf(client.startBack(common))).toMatchObject({ code: 'request-invalid' });
});

test('a VM without a failover is named', async () => {
  const calls = [
    () => client.state(vm),
    () => client.status(vm),
    () => client.result(vm),
    () => client.retryNow(vm),
    () => client.cancel(vm),
  ];
  for (const call of calls) expect(await failureOf(call())).toMatchObject({ code: 'failover-unknown' });
  expect(await failureOf(client.points())).toMatchObject({ code: 'usage' });
});

describe('a group', () => {
  test('is ready when its sandboxes are up; cancelled it takes them back', async () => {
    const other = { ...source, vm: source.vm.replace('77c6', '77c7') };
    const members = [testRequest(), testRequest({ source: other })];
    const name = `shop-${String(count)}`;
    const group = { schemaVersion: 1, name, stages: members.map((member) => ({ members: [member] })) };
    const started = await tracked(client.startGroup(group));
    expect(await client.startGroup(group)).toEqual({ ...started, outcome: 'running' });
    for (let look = 0; look < 300 && (await client.groups.state(name)).phase !== 'ready'; look += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await client.groups.state(name)).toMatchObject({ phase: 'ready', members: [{ stage: 1 }, { stage: 2 }] });
    // A member is a run as any other, and the same request joins it.
    expect((await client.start(members[0])).outcome).toBe('running');
    await client.groups.cancel(name);
    expect((await client.groups.result(name, started.runId)).state).toBe('done');
    expect((await client.state(vm)).phase).toBe('ended');
  });

  test('that nobody knows is named', async () => {
    expect(await failureOf(client.groups.state('nobody'))).toMatchObject({ code: 'failover-unknown' });
    expect(await failureOf(client.groups.cancel('nobody'))).toMatchObject({ code: 'failover-unknown' });
  });
});

describe('the command line', () => {
  /** as a user has it: here there are a server and a worker, which may be slow to answer on a busy machine */
  const PATIENCE_MS = 30_000;
  const env = (): NodeJS.ProcessEnv => ({
    TEMPORAL_ADDRESS: world.address,
    HOME: folder,
  });
  async function fileOf(request: object): Promise<string> {
    const file = path.join(folder, `${String(count)}.json`);
    await writeFile(file, JSON.stringify(request));
    return file;
  }

  test('a dry run shows the plan and starts nothing', async () => {
    const argv = ['failover', 'live', '--request', await fileOf(liveRequest()), '--dry-run'];
    const shown = await diskferry(argv, env(), PATIENCE_MS);
    expect(shown).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('startVirtualMachine: starts pgtest1-x'),
    });
    expect(shown.stdout).toMatch(/Nothing was changed\.\n$/);
    const { plan } = JSON.parse((await diskferry([...argv, '--json'], env(), PATIENCE_MS)).stdout) as {
      plan: { calls: object[] };
    };
    expect(plan.calls.length).toBeGreaterThan(8);
    expect(await failureOf(client.status(vm))).toMatchObject({ code: 'failover-unknown' });
  });

  test('test returns when the sandbox is up; it is seen, extended and ended', async () => {
    const name = `qc/vcenter-qc/${source.vm}`;
    const up = await diskferry(['failover', 'test', '--request', await fileOf(testRequest())], env(), PATIENCE_MS);
    expect(up.exitCode).toBe(0);
    expect(up.stdout).toContain('test failover: running (the sandbox is up)');
    const status = await diskferry(['failover', 'status', name], env(), PATIENCE_MS);
    expect(status.stdout).toContain('60 min left');
    const extended = await diskferry(['failover', 'extend', name, '--by', '2h'], env(), PATIENCE_MS);
    expect(extended.stdout).toMatch(/: the lease ends \d{4}-/);
    expect((await diskferry(['failover', 'end', name, '--json'], env(), PATIENCE_MS)).stdout).toBe(
      `${JSON.stringify({ vm: name, accepted: true })}\n`,
    );
    expect((await client.result(vm)).state).toBe('ended');
  });

  test('"finalSync": true is the request of the last replication, with overwrite', async () => {
    const { request } = replicateInput();
    const replications = new ReplicationClient({ temporal: world.client });
    const { requestId: _requestId, ...content } = request;
    await replications.start({ ...content, source });
    await replications.result(vm);
    const file = await fileOf(liveRequest({ finalSync: true }));
    const done = await diskferry(['failover', 'live', '--request', file, '--yes', '--json'], env(), PATIENCE_MS);
    expect(done.exitCode).toBe(0);
    expect(JSON.parse(done.stdout)).toMatchObject({ state: 'failed_over' });
    const calls = world.activities.calls.filter(({ name }) => name === 'preflightSite');
    expect(calls.at(-1)?.input['request']).toMatchObject({ overwrite: true, source });
  });

  test('"finalSync": true without a replication that is known is refused', async () => {
    const file = await fileOf(liveRequest({ finalSync: true }));
    const refused = await diskferry(['failover', 'live', '--request', file, '--yes'], env(), PATIENCE_MS);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('is not known any more: write it there instead of true');
  });

  test('a file of another VM than the one that is named is refused', async () => {
    const other = `qc/vcenter-qc/${source.vm.replace('77c6', '77c8')}`;
    const refused = await diskferry(
      ['failover', 'test', other, '--request', await fileOf(testRequest())],
      env(),
      PATIENCE_MS,
    );
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain(`the command names ${other}`);
  });
});
