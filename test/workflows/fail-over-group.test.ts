import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import type { FailoverGroupState } from '../../domain/failover-state';
import { failBackWorkflowId, failoverWorkflowId } from '../../domain/names';
import type { FailoverGroupResult } from '../../workflows/fail-over-group';
import type { Call } from '../support/scripted-activities';
import { applicationFailure } from '../support/scripted-activities';
import { FAILOVER_VM } from '../support/scripted-failover';
import { closingRecords, failoverInput } from '../support/failover-runs';
import type { WorkflowWorld } from '../support/workflow-world';
import { startWorkflowWorld } from '../support/workflow-world';

let world: WorkflowWorld;
beforeAll(async () => {
  world = await startWorkflowWorld();
}, 120_000);
afterAll(() => world.close(), 120_000);
afterEach(() => {
  world.reset();
});

let groups = 0;
const NAMES = ['database', 'application', 'web'];
/** Source VMs of their own for each case: a member's workflow id is its VM's. */
const vmId = (name: string): string =>
  `${String(groups).padStart(8, '0')}-0000-4000-8000-00000000000${String(NAMES.indexOf(name))}`;
const keyOf = (name: string) => ({ site: 'qc', sourceId: 'vcenter-qc', sourceVmId: vmId(name) });
const member = (kind: 'test' | 'live', name: string, request: Record<string, unknown> = {}) => {
  const { requestId: _id, ...content } = failoverInput(kind, {
    source: { id: 'vcenter-qc', vm: vmId(name), name },
    ...request,
  }).request;
  return content;
};

interface Asked {
  readonly kind: 'test' | 'live';
  readonly onFailure?: 'stop' | 'continue' | 'undo-all';
  readonly stages: readonly (readonly string[])[];
  readonly pause?: string;
  readonly request?: Record<string, unknown>;
}

async function start({ kind, onFailure = 'stop', stages, pause = '0s', request = {} }: Asked): Promise<WorkflowHandle> {
  return await world.startWorkflow('failOverGroup', {
    request: {
      schemaVersion: 1,
      name: 'shop',
      onFailure,
      stages: stages.map((names) => ({ members: names.map((name) => member(kind, name, request)), pause })),
    },
    requestDigest: 'd',
    memberDigests: {},
    searchAttributes: true,
  });
}

/** Members are runs of their own: they are replayed at the end as well. */
async function trackMembers(names: readonly string[], idOf: typeof failoverWorkflowId = failoverWorkflowId) {
  for (const name of names) {
    const workflowId = idOf(keyOf(name));
    world.track(workflowId, (await world.client.workflow.getHandle(workflowId).describe()).runId);
  }
}

async function until(handle: WorkflowHandle, met: (state: FailoverGroupState) => boolean): Promise<FailoverGroupState> {
  let last: FailoverGroupState | undefined;
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    last = await handle.query<FailoverGroupState>('groupState');
    if (met(last)) return last;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw new Error(`the group never became as expected; last seen: ${JSON.stringify(last, null, 1)}`);
}

const outcomes = (state: Pick<FailoverGroupState, 'members'>): string[] =>
  state.members.map(({ vmName, outcome }) => `${vmName} ${outcome}`);
const of = (call: Call, name: string): boolean => call.input['vmName'] === name;
const startFails = (name: string) =>
  applicationFailure('vm-start-failed', { name, failoverVmId: FAILOVER_VM, cause: 'no host', vm: 'x' });
const deployFails = (name: string) => applicationFailure('deploy-failed', { name, cause: 'no room', vm: 'x' } as never);
const when = (name: Call['name'], vmName: string): number =>
  world.activities.calls.findIndex((call) => call.name === name && of(call, vmName));

afterEach(() => {
  groups += 1;
});

describe('a group of live failovers', () => {
  test('goes stage by stage, with a durable pause, and lists each member', async () => {
    const handle = await start({ kind: 'live', stages: [['database'], ['application', 'web']], pause: '300ms' });
    await until(handle, (state) => state.phase === 'pausing');
    expect(world.activities.calls.some((call) => of(call, 'web'))).toBe(false);
    const result = (await handle.result()) as FailoverGroupResult;
    expect(outcomes(result)).toEqual(['database ready', 'application ready', 'web ready']);
    expect(when('claimFailover', 'application')).toBeGreaterThan(when('endClaim', 'database'));
    await trackMembers(NAMES);
    expect((await until(handle, () => true)).phase).toBe('done');
  });

  test('begins no further stage when one fails and it is to stop', async () => {
    world.activities.script((call) =>
      call.name === 'deployVm' && of(call, 'database') ? Promise.reject(deployFails('database')) : undefined,
    );
    const handle = await start({ kind: 'live', stages: [['database'], ['web']] });
    const [record] = await closingRecords(handle.result());
    expect(record?.code).toBe('failover-group-failed');
    expect(record?.message).toContain('Group shop: 1 of 2 members failed');
    expect(record?.message).toContain('database');
    expect(outcomes(await until(handle, () => true))).toEqual(['database failed', 'web not-begun']);
    await trackMembers(['database']);
  });

  test('goes on with the others when it is to continue', async () => {
    world.activities.script((call) =>
      call.name === 'deployVm' && of(call, 'database') ? Promise.reject(deployFails('database')) : undefined,
    );
    const handle = await start({ kind: 'live', onFailure: 'continue', stages: [['database'], ['web']] });
    await closingRecords(handle.result());
    expect(outcomes(await until(handle, () => true))).toEqual(['database failed', 'web ready']);
    await trackMembers(['database', 'web']);
  });

  test('brings back what is failed over already when it is to undo all, latest stage first', async () => {
    world.activities.script((call) =>
      call.name === 'deployVm' && of(call, 'web') ? Promise.reject(deployFails('web')) : undefined,
    );
    const handle = await start({ kind: 'live', onFailure: 'undo-all', stages: [['database'], ['application', 'web']] });
    const [record] = await closingRecords(handle.result());
    expect(record?.message).toContain('1 of 3 members failed');
    expect(outcomes(await until(handle, () => true))).toEqual(['database undone', 'application undone', 'web failed']);
    expect(when('commitFailback', 'database')).toBeGreaterThan(when('commitFailback', 'application'));
    expect(when('commitFailback', 'application')).toBeGreaterThan(0);
    await trackMembers(NAMES);
    await trackMembers(['database', 'application'], failBackWorkflowId);
  });

  test('counts a member that is held as failed, and undoes it too', async () => {
    world.activities.script((call) =>
      call.name === 'startVm' && of(call, 'web') && call.input['failoverVmName'] === 'pgtest1-x'
        ? Promise.reject(startFails('web'))
        : undefined,
    );
    const handle = await start({ kind: 'live', onFailure: 'undo-all', stages: [['database'], ['web']] });
    const [record] = await closingRecords(handle.result());
    expect(record?.message).toContain('no host');
    expect(outcomes(await until(handle, () => true))).toEqual(['database undone', 'web undone']);
    await trackMembers(['database', 'web']);
    await trackMembers(['database', 'web'], failBackWorkflowId);
  });

  test('that is cancelled takes back what waits before its point of no return, and begins nothing more', async () => {
    const handle = await start({ kind: 'live', stages: [['database'], ['web']], request: { confirm: true } });
    const database = world.client.workflow.getHandle(failoverWorkflowId(keyOf('database')));
    await until(handle, (state) => state.members[0]?.outcome === 'running');
    for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
      const { phase } = await database.query<{ phase: string }>('state').catch(() => ({ phase: '' }));
      if (phase === 'awaiting_confirmation') break;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await handle.executeUpdate('cancel');
    const result = (await handle.result()) as FailoverGroupResult;
    expect(outcomes(result)).toEqual(['database undone', 'web not-begun']);
    expect(world.activities.count('commitFailover')).toBe(0);
    await trackMembers(['database']);
  });
});

describe('a group of test failovers', () => {
  test('is ready when every sandbox is up, and done when every lease is over', async () => {
    const handle = await start({ kind: 'test', stages: [['database'], ['web']], request: { lease: '4s' } });
    const ready = await until(handle, (state) => state.phase === 'ready');
    expect(ready.members[1]?.outcome).toBe('ready');
    expect(when('claimFailover', 'web')).toBeGreaterThan(when('enterLease', 'database'));
    const result = (await handle.result()) as FailoverGroupResult;
    expect(outcomes(result)).toEqual(['database ended', 'web ended']);
    await trackMembers(['database', 'web']);
  });

  test('that is cancelled ends every sandbox, latest stage first', async () => {
    const handle = await start({ kind: 'test', stages: [['database'], ['web']] });
    await until(handle, (state) => state.phase === 'ready');
    await handle.cancel();
    const result = (await handle.result()) as FailoverGroupResult;
    expect(outcomes(result)).toEqual(['database ended', 'web ended']);
    expect(when('removeVm', 'database')).toBeGreaterThan(when('endClaim', 'web'));
    await trackMembers(['database', 'web']);
  });

  test('undoes the sandboxes that are up when one fails and it is to undo all', async () => {
    world.activities.script((call) =>
      call.name === 'startVm' && of(call, 'web') ? Promise.reject(startFails('web')) : undefined,
    );
    const handle = await start({ kind: 'test', onFailure: 'undo-all', stages: [['database'], ['web']] });
    await closingRecords(handle.result());
    expect(outcomes(await until(handle, () => true))).toEqual(['database undone', 'web failed']);
    expect(when('removeVm', 'database')).toBeGreaterThan(0);
    await trackMembers(['database', 'web']);
  });

  test('leaves the sandboxes that are up to their leases when it is to stop', async () => {
    world.activities.script((call) =>
      call.name === 'startVm' && of(call, 'web') ? Promise.reject(startFails('web')) : undefined,
    );
    const handle = await start({ kind: 'test', stages: [['database'], ['web']] });
    await closingRecords(handle.result());
    const database = world.client.workflow.getHandle(failoverWorkflowId(keyOf('database')));
    expect((await database.describe()).status.name).toBe('RUNNING');
    await database.executeUpdate('endTest');
    await database.result();
    await trackMembers(['database', 'web']);
  });

  test('whose member has a failover already says so', async () => {
    const other = await world.client.workflow.start('failOverVm', {
      args: [failoverInput('test', { source: { id: 'vcenter-qc', vm: vmId('database'), name: 'database' } })],
      taskQueue: 'diskferry',
      workflowId: failoverWorkflowId(keyOf('database')),
    });
    const handle = await start({ kind: 'test', stages: [['database']] });
    const [record] = await closingRecords(handle.result());
    expect(record?.message).toContain('already');
    await other.cancel();
    await other.result();
    await trackMembers(['database']);
  });
});
