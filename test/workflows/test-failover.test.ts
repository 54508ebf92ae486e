import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { FailoverResult } from '../../domain/failover-state';
import type { FailoverUndoName } from '../../domain/failover-steps';
import type { Call } from '../support/scripted-activities';
import { applicationFailure, untilCancelled } from '../support/scripted-activities';
import { FAILOVER_VM, POINT, restoredId } from '../support/scripted-failover';
import { closingRecords, failoverInput, story, untilFailover } from '../support/failover-runs';
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

const start = (request: Record<string, unknown> = {}) =>
  world.startWorkflow('failOverVm', failoverInput('test', request));
const told = () => story(world.activities.calls);
const vm = 'qc/vcenter-qc/x';
const startFails = () =>
  applicationFailure('vm-start-failed', { name: 'pgtest1-x', failoverVmId: FAILOVER_VM, cause: 'no host', vm });
const removeFails = () =>
  applicationFailure('vm-remove-failed', { name: 'pgtest1-x', failoverVmId: FAILOVER_VM, cause: 'busy', vm });

const UP = ['deployVm', 'clearRoot', 'attachToVm', 'mapToVm', 'startVm', 'checkHealth', 'enterLease'];
const DOWN = ['stopVm', 'unmapFromVm', 'detachFromVm', 'removeVm', 'deleteRestoredVolume'];
const FRESH = ['claimFailover', 'planFailover', 'preflightFailover', 'openPoint', 'snapshotVolume', 'completePoint'];

describe('a test failover', () => {
  test('from fresh snapshots runs until its lease is over, by itself, and leaves nothing', async () => {
    const handle = await start({ lease: '600ms', reminder: '1ms' });
    const running = await untilFailover(handle, (state) => state.phase === 'running');
    expect(running.leaseUntil).toBeDefined();
    expect(running.failoverVm?.id).toBe(FAILOVER_VM);
    const result = (await handle.result()) as FailoverResult;
    expect(result).toMatchObject({ state: 'ended', kind: 'test', pointId: POINT });
    expect(result.disks.map((disk) => [disk.key, disk.volumeId, disk.deviceId, disk.devicePath])).toEqual([
      [2000, restoredId(2000), 0, `remote-vm-${FAILOVER_VM}-${restoredId(2000)}`],
      [2001, restoredId(2001), 1, `remote-vm-${FAILOVER_VM}-${restoredId(2001)}`],
    ]);
    expect(told()).toEqual([...FRESH, 'restoreVolume', ...UP, ...DOWN, 'deleteSnapshot', 'endClaim']);
    const roles = world.activities.calls.filter((call) => call.name === 'mapToVm').map((call) => call.input['role']);
    expect(roles.sort()).toEqual(['test_data', 'test_root']);
    const attached = world.activities.calls.filter((call) => call.name === 'attachToVm').map((call) => call.diskKey);
    expect(attached[0]).toBe(2000);
    for (const name of ['closeExport', 'unmapDevice', 'detachVolume'] as const) {
      expect(world.activities.count(name)).toBe(0);
    }
    expect((await untilFailover(handle, () => true)).vmStep.undosOwed).toEqual([]);
  });

  test('from a recovery point snapshots nothing and keeps the point', async () => {
    const handle = await start({ from: 'latest-point', lease: '1ms' });
    expect(((await handle.result()) as FailoverResult).pointId).toBe(POINT);
    expect(told()).toEqual([...FRESH.slice(0, 3), 'restoreVolume', ...UP, ...DOWN, 'endClaim']);
  });

  test('prepares the guest on the appliance, whence the volumes leave again', async () => {
    await (await start({ from: 'latest-point', lease: '1ms', guest: { kind: 'convert' } })).result();
    expect(told().slice(3, 10)).toEqual([
      'restoreVolume',
      'attachVolume',
      'resolveDevice',
      'prepareGuest',
      'detachVolume',
      'confirmDeviceGone',
      'deployVm',
    ]);
    expect(world.activities.count('detachVolume')).toBe(2);
    const prepared = world.activities.calls.find((call) => call.name === 'prepareGuest');
    expect((prepared?.input['disks'] as { volumeId: string }[]).map((disk) => disk.volumeId)).toEqual([
      restoredId(2000),
      restoredId(2001),
    ]);
  });

  test('whose guest step fails takes the volumes off the appliance before it deletes them', async () => {
    world.activities.script((call) =>
      call.name === 'prepareGuest'
        ? Promise.reject(applicationFailure('guest-step-failed', { vm, step: 'convert', cause: 'exit code 1' }))
        : undefined,
    );
    const [record, cause] = await closingRecords(
      (await start({ from: 'latest-point', guest: { kind: 'convert' } })).result(),
    );
    expect(record?.code).toBe('failover-rolled-back');
    expect(cause?.code).toBe('guest-step-failed');
    expect(told().slice(-4)).toEqual(['detachVolume', 'confirmDeviceGone', 'deleteRestoredVolume', 'endClaim']);
  });

  test('of a short lease does not remind at its beginning, unless the request asks for that', async () => {
    const handle = await start({ lease: '1h' });
    const { leaseUntil, reminded } = await untilFailover(handle, (state) => state.phase === 'running');
    expect(reminded).toBe(false);
    const readyAt = Date.parse((await untilFailover(handle, () => true)).readyAt ?? '');
    expect(Date.parse(leaseUntil ?? '') - readyAt).toBeGreaterThan(3_590_000);
    // The reminder comes when a quarter of it is left.
    const timers = async () =>
      ((await handle.fetchHistory()).events ?? []).flatMap(
        (event) => event.timerStartedEventAttributes?.startToFireTimeout?.seconds?.toString() ?? [],
      );
    expect(Math.abs(Number((await timers()).at(-1)) - 2_700)).toBeLessThanOrEqual(5);
    await handle.executeUpdate('endTest');
    expect(((await handle.result()) as FailoverResult).state).toBe('ended');
  });

  test('reminds before its end, is extended, and is reminded anew', async () => {
    const handle = await start({ lease: '1h', reminder: '2h' });
    const reminded = await untilFailover(handle, (state) => state.reminded);
    const until = await handle.executeUpdate<string, [{ by: string }]>('extendLease', { args: [{ by: '3h' }] });
    expect(Date.parse(until) - Date.parse(reminded.leaseUntil ?? '')).toBe(3 * 3_600_000);
    await untilFailover(handle, (state) => !state.reminded && state.leaseUntil === until);
    for (const bad of [{ by: 'soon' }, { until: '2020-01-01T00:00:00Z' }, { until: 'never' }]) {
      await expect(handle.executeUpdate('extendLease', { args: [bad] })).rejects.toMatchObject({
        cause: { type: 'update-refused' },
      });
    }
    const soon = new Date(Date.now() + 500).toISOString();
    await handle.executeUpdate('extendLease', { args: [{ until: soon }] });
    expect(((await handle.result()) as FailoverResult).state).toBe('ended');
    const leases = world.activities.calls.filter((call) => call.name === 'recordFailover');
    expect(leases.some((call) => call.input['leaseUntil'] === until)).toBe(true);
  });

  test.each(['endTest', 'cancel', "Temporal's cancel"])('is ended by %s', async (how) => {
    const handle = await start();
    await untilFailover(handle, (state) => state.phase === 'running');
    await (how.startsWith('Temporal') ? handle.cancel() : handle.executeUpdate(how));
    expect(((await handle.result()) as FailoverResult).state).toBe('ended');
    expect(told().slice(-7)).toEqual([...DOWN, 'deleteSnapshot', 'endClaim']);
  });

  test('refuses what has no meaning now, with the reason', async () => {
    world.activities.script((call) => (call.name === 'startVm' ? untilCancelled() : undefined));
    const handle = await start();
    await untilFailover(handle, (state) => state.phase === 'starting');
    const refused = async (update: string, words: string) => {
      await expect(handle.executeUpdate(update, { args: [{ by: '1h' }] as never })).rejects.toMatchObject({
        cause: { type: 'update-refused', message: expect.stringContaining(words) },
      });
    };
    await refused('endTest', 'cancel it instead');
    await refused('extendLease', 'it is starting, not running');
    await refused('abandonLeftovers', 'it is starting');
    await handle.executeUpdate('cancel');
    const result = (await handle.result()) as FailoverResult;
    expect(result.state).toBe('cancelled');
    expect(told().slice(-7)).toEqual([...DOWN, 'deleteSnapshot', 'endClaim']);
  });

  const cancelPoints: [Call['name'], FailoverUndoName[]][] = [
    ['claimFailover', []],
    ['snapshotVolume', ['deleteSnapshot']],
    ['restoreVolume', ['deleteRestoredVolume', 'deleteSnapshot']],
    ['deployVm', ['removeVm', 'deleteRestoredVolume', 'deleteSnapshot']],
    ['attachToVm', ['detachFromVm', 'removeVm', 'deleteRestoredVolume', 'deleteSnapshot']],
  ];
  test.each(cancelPoints)('that is cancelled in %s takes back what it owes, in whole stages', async (name, undos) => {
    let reached = false;
    world.activities.script((call) => {
      if (call.name !== name || call.nth > 1) return undefined;
      reached = true;
      // What only the database does, and quickly, cannot be interrupted: it comes to its end.
      return name === 'claimFailover'
        ? new Promise((resolve) => setTimeout(() => resolve({ epoch: 1 }), 700))
        : untilCancelled();
    });
    const handle = await start();
    await untilFailover(handle, () => reached);
    await handle.executeUpdate('cancel');
    expect(((await handle.result()) as FailoverResult).state).toBe('cancelled');
    const made = told();
    expect(made.slice(made.indexOf(name) + 1).filter((each) => each !== name)).toEqual([...undos, 'endClaim']);
  });

  test('that fails to start is rolled back: stop, all off the VM, then the VM, volumes, snapshots', async () => {
    world.activities.script((call) => (call.name === 'startVm' ? Promise.reject(startFails()) : undefined));
    const handle = await start();
    const [record, cause] = await closingRecords(handle.result());
    expect(record?.code).toBe('failover-rolled-back');
    expect(record?.message).toContain('no host');
    expect(cause?.code).toBe('vm-start-failed');
    expect(world.activities.count('startVm')).toBe(2);
    expect(told().slice(-7)).toEqual([...DOWN, 'deleteSnapshot', 'endClaim']);
    expect((await untilFailover(handle, () => true)).phase).toBe('rolled_back');
  });

  test('begins no stage of going back before the one after it is proven whole', async () => {
    world.activities.script((call) => {
      if (call.name === 'startVm') return Promise.reject(startFails());
      if (call.name === 'detachFromVm' && call.diskKey === 2001 && call.nth === 1) {
        return Promise.reject(
          applicationFailure('detach-failed', {
            diskKey: 2001,
            volumeId: restoredId(2001),
            vmId: FAILOVER_VM,
            cause: 'busy',
            vm,
          }),
        );
      }
      return undefined;
    });
    await closingRecords((await start()).result());
    const names = world.activities.calls.map((call) => call.name);
    expect(world.activities.count('detachFromVm', 2001)).toBe(2);
    expect(names.indexOf('removeVm')).toBeGreaterThan(names.lastIndexOf('detachFromVm'));
    expect(names.indexOf('detachFromVm')).toBeGreaterThan(names.lastIndexOf('unmapFromVm'));
  });

  test('that is not healthy in time is taken back without another wait', async () => {
    world.activities.script((call) =>
      call.name === 'checkHealth'
        ? Promise.reject(
            applicationFailure('vm-unhealthy', {
              name: 'pgtest1-x',
              failoverVmId: FAILOVER_VM,
              waited: '10m',
              evidence: 'Stopped',
              vm,
            }),
          )
        : undefined,
    );
    const [, cause] = await closingRecords((await start({ health: { within: '1s' } })).result());
    expect(cause?.code).toBe('vm-unhealthy');
    expect(world.activities.count('checkHealth')).toBe(1);
  });

  test('asks the health hook', async () => {
    await (await start({ lease: '1ms', health: { hook: 'ping', within: '1s' } })).result();
    const asked = world.activities.calls.find((call) => call.name === 'runHook');
    expect(asked?.input).toMatchObject({ hook: 'ping', purpose: 'health', failoverVmId: FAILOVER_VM });
  });

  test('of a VM that somebody else holds fails with the holder, and takes nothing back', async () => {
    world.activities.script((call) =>
      call.name === 'claimFailover'
        ? Promise.reject(
            applicationFailure('vm-claimed', { vm, holder: 'replicate-vm/x', runId: 'r', kind: 'replication' }),
          )
        : undefined,
    );
    const [record] = await closingRecords((await start()).result());
    expect(record?.code).toBe('vm-claimed');
    expect(world.activities.calls.map((call) => call.name)).toEqual(['claimFailover']);
  });

  test('with an input that is not valid fails at once, naming the field', async () => {
    const input = failoverInput('test');
    const handle = await world.startWorkflow('failOverVm', {
      ...input,
      request: { ...input.request, target: { ...input.request.target, networks: [] } },
    });
    const [record] = await closingRecords(handle.result());
    expect(record?.code).toBe('request-invalid');
    expect(record?.message).toContain('networks must name at least one network');
    expect(world.activities.calls).toEqual([]);
  });

  test('whose removal fails for long needs attention with the leftovers, goes on, and ends', async () => {
    let busy = true;
    world.activities.script((call) => (call.name === 'removeVm' && busy ? Promise.reject(removeFails()) : undefined));
    const handle = await start({ lease: '1ms', budgets: { undoAttentionAfter: '100ms' } });
    const stuck = await untilFailover(handle, (state) => state.phase === 'needs_attention');
    expect(stuck.leftovers[0]).toContain('removeVm not proven');
    expect(stuck.reason).toContain('busy');
    busy = false;
    await handle.executeUpdate('retryNow');
    expect(((await handle.result()) as FailoverResult).state).toBe('ended');
    expect((await untilFailover(handle, () => true)).leftovers).toEqual([]);
  });

  test('whose removal fails for long can be abandoned; what is left stays named', async () => {
    world.activities.script((call) => (call.name === 'removeVm' ? Promise.reject(removeFails()) : undefined));
    const handle = await start({ lease: '1ms', budgets: { undoAttentionAfter: '100ms' } });
    await untilFailover(handle, (state) => state.phase === 'needs_attention');
    await handle.executeUpdate('abandonLeftovers');
    const [record] = await closingRecords(handle.result());
    expect(record?.code).toBe('abandoned');
    expect(record?.message).toContain(`failover VM pgtest1-x (${FAILOVER_VM}): removeVm not proven`);
    expect(record?.message).toContain('deleteRestoredVolume');
    expect(world.activities.count('endClaim')).toBe(1);
  });
});
