import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { missingSearchAttributes } from '../../temporal/search-attributes';
import { ReplicationClient } from '../../client/replication-client';
import { findVm } from '../../client/find-vm';
import type { StartedReplication } from '../../client/start-replication';
import { isPolled } from '../../temporal/task-queue-pollers';
import { DiskferryFailure, type FailureRecord } from '../../domain/failures';
import { applicationFailure, untilCancelled } from '../support/scripted-activities';
import { startWorkflowWorld, type WorkflowWorld } from '../support/workflow-world';

/** The client against a real Temporal server and the real workflows; only activities are scripted. No database. */

let world: WorkflowWorld;
let client: ReplicationClient;
beforeAll(async () => {
  world = await startWorkflowWorld();
  client = new ReplicationClient({ temporal: world.client });
});
afterAll(() => world.close());

const text = readFileSync(path.join(__dirname, '../../examples/pgtest1.request.json'), 'utf8');
const requestId = '7d9a6f0e-37a9-4e0c-9d0e-6f4c3a0b1c2d';
let count = 0;
/** The example for a VM of its own, so that one test's run is not another's. */
let request: Record<string, unknown> & { source: { id: string; vm: string; name: string } };
let vm: { site: string; sourceId: string; sourceVmId: string };
beforeEach(() => {
  world.reset();
  count += 1;
  request = JSON.parse(text) as typeof request;
  request.source.vm = `420570c7-f61f-a930-77c5-${String(count).padStart(12, '0')}`;
  vm = { site: 'qc', sourceId: 'vcenter-qc', sourceVmId: request.source.vm };
});

/** Starts the request; its run is replayed at the end. */
async function start(what: unknown): Promise<StartedReplication> {
  const started = await client.start(what);
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

/** Copies run until they are cancelled, so that the run stays. */
function copyForEver(): void {
  world.activities.script(({ name }) => (name === 'copyDisk' ? untilCancelled() : undefined));
}

async function stop(): Promise<void> {
  await client.cancel(vm, { keepVolumes: true });
  expect((await client.result(vm)).state).toBe('cancelled');
}

describe('starting', () => {
  test('a request without an id is started, joined while it runs, and started anew afterwards', async () => {
    copyForEver();
    const first = await start(request);
    expect(first).toMatchObject({ outcome: 'started', vm, workflowId: `replicate-vm/qc/vcenter-qc/${vm.sourceVmId}` });
    expect(await start(request)).toEqual({ ...first, outcome: 'running' });
    await stop();
    world.reset();
    const second = await start(request);
    expect(second.outcome).toBe('started');
    expect(second.requestId).not.toBe(first.requestId);
    expect((await client.result(vm, second.runId)).state).toBe('replicated');
  });

  test('the same request id and content is one run, while it runs and after it', async () => {
    copyForEver();
    const first = await start({ ...request, requestId });
    expect(await start({ ...request, requestId })).toEqual({ ...first, outcome: 'running' });
    await stop();
    expect(await start({ ...request, requestId })).toEqual({ ...first, outcome: 'ended' });
  });

  test('another request while one runs is refused with the difference, the holder and the commands', async () => {
    copyForEver();
    const { runId } = await start(request);
    await world.until(
      world.client.workflow.getHandle(`replicate-vm/qc/vcenter-qc/${vm.sourceVmId}`),
      ({ phase }) => phase === 'copying',
    );
    const refused = await failureOf(start({ ...request, overwrite: true }));
    expect(refused).toMatchObject({
      code: 'request-differs',
      fields: { runId, phase: 'copying', differences: 'overwrite is false there, true here' },
    });
    expect(refused.next).toContain(`diskferry cancel qc/vcenter-qc/${vm.sourceVmId}`);
    expect(await failureOf(start({ ...request, requestId }))).toMatchObject({
      code: 'request-differs',
      fields: { differences: expect.stringContaining(`requestId is `) },
    });
    await stop();
  });

  test('a request id with other content is refused, also after its run', async () => {
    await start({ ...request, requestId });
    await client.result(vm);
    expect(await failureOf(start({ ...request, requestId, overwrite: true }))).toMatchObject({
      code: 'request-id-used',
      fields: { differences: 'overwrite is false there, true here' },
    });
  });

  test('a request that is not valid starts nothing', async () => {
    expect(await failureOf(start({ ...request, disks: [] }))).toMatchObject({ code: 'request-invalid' });
    expect(await failureOf(client.status(vm))).toMatchObject({ code: 'vm-unknown' });
  });
});

describe('seeing', () => {
  test('a server-side retry shows attempt, failure and next try', async () => {
    world.activities.script(({ name, diskKey, nth }) =>
      name === 'attachVolume' && diskKey === 2001 && nth <= 2
        ? Promise.reject(
            applicationFailure('cloudstack-unavailable', {
              site: 'qc',
              endpoint: 'http://x',
              command: 'attachVolume',
              cause: 'refused',
            }),
          )
        : undefined,
    );
    await start(request);
    let shown;
    for (let look = 0; look < 100 && shown === undefined; look += 1) {
      shown = (await client.status(vm)).pending.find(({ lastFailure }) => lastFailure !== undefined);
    }
    expect(shown).toMatchObject({
      activity: 'attachVolume',
      lastFailure: 'Site qc: CloudStack at http://x does not answer attachVolume: refused',
    });
    expect((await client.result(vm)).state).toBe('replicated');
  });

  test('without a database its part is named as missing, the rest is there', async () => {
    await start(request);
    await client.result(vm);
    const status = await client.status(vm);
    expect(status).toMatchObject({ execution: 'COMPLETED', workflow: { phase: 'replicated', vmName: 'pgtest1' } });
    expect(status.missing).toEqual(['the database does not answer: no configuration was given, so it was not asked']);
  });

  test('a queue that nobody polls is found out', async () => {
    expect(await isPolled(world.client, 'diskferry', 'workflow')).toBe(true);
    expect(await isPolled(world.client, 'diskferry-appliance-nobody', 'activity')).toBe(false);
  });

  test('a run is found by its id alone, with name and appliance', async () => {
    await start(request);
    await client.result(vm);
    let listed = await client.list({ sourceVmId: vm.sourceVmId });
    // Temporal's list lags behind its runs.
    for (let look = 0; look < 100 && listed[0]?.phase !== 'completed'; look += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      listed = await client.list({ sourceVmId: vm.sourceVmId });
    }
    expect(listed).toMatchObject([{ ...vm, vmName: 'pgtest1', applianceId: request['appliance'], phase: 'completed' }]);
    expect(await findVm(world.client, undefined, vm.sourceVmId)).toEqual(vm);
  });

  test('the search attributes of the server are seen', async () => {
    expect(await missingSearchAttributes(world.client)).toEqual([]);
  });
});

describe('telling', () => {
  test('what a run does not take is refused with the reason', async () => {
    copyForEver();
    await start(request);
    expect(await failureOf(client.resume(vm))).toMatchObject({
      code: 'update-refused',
      fields: { reason: 'it is not paused' },
    });
    await client.pause(vm);
    await client.resume(vm);
    await stop();
    expect(await failureOf(client.pause(vm))).toMatchObject({ code: 'update-refused' });
  });

  test('a VM that nobody knows is named', async () => {
    expect(await failureOf(client.retryNow(vm))).toMatchObject({ code: 'vm-unknown' });
    expect(await failureOf(client.result(vm))).toMatchObject({ code: 'vm-unknown' });
  });
});

describe('ends', () => {
  test('a refusal ends as the failure that caused it', async () => {
    const record = { site: 'qc', zone: 'nowhere' };
    world.activities.script(({ name }) =>
      name === 'preflightSite' ? Promise.reject(applicationFailure('zone-unknown', record)) : undefined,
    );
    await start(request);
    const ended = await failureOf(client.result(vm));
    expect(ended.code).toBe('rolled-back');
    expect(ended.message).toContain('no zone named or numbered nowhere');
    expect(await failureOf(client.plan(request))).toMatchObject({ code: 'zone-unknown' });
  });

  test('a terminated run says so', async () => {
    copyForEver();
    const { runId, workflowId } = await start(request);
    await world.client.workflow.getHandle(workflowId).terminate('by the test');
    expect(await failureOf(client.result(vm, runId))).toMatchObject({
      code: 'run-ended-outside',
      fields: { runId, how: 'terminated' },
    });
  });

  test('a release of a VM without volumes ends at once', async () => {
    const { runId } = await client.release({ ...vm, vmName: 'pgtest1', applianceId: String(request['appliance']) });
    expect(await client.releaseResult(vm, runId)).toEqual({ state: 'released', disks: [], kept: [] });
  });

  test('a plan is the outcome of both preflights', async () => {
    expect(await client.plan(request)).toMatchObject({ site: { zoneName: 'QC' }, appliance: { identity: 'file' } });
  });
});
