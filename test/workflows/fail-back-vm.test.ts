import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { FailoverResult } from '../../domain/failover-state';
import { failureRecord } from '../../domain/failures';
import { applicationFailure, untilCancelled } from '../support/scripted-activities';
import { FAILOVER_VM, POINT, planOf, replicaId } from '../support/scripted-failover';
import { COMMON, REQUEST_ID, closingRecords, story, untilFailover } from '../support/failover-runs';
import type { WorkflowWorld } from '../support/workflow-world';
import { APPLIANCE, startWorkflowWorld } from '../support/workflow-world';

let world: WorkflowWorld;
beforeAll(async () => {
  world = await startWorkflowWorld();
}, 120_000);
afterAll(() => world.close(), 120_000);
afterEach(() => {
  world.reset();
});

const start = (budgets: Record<string, unknown> = {}) =>
  world.startWorkflow('failBackVm', {
    request: { ...COMMON, budgets: { ...COMMON.budgets, ...budgets }, discardWrites: true, requestId: REQUEST_ID },
    requestDigest: 'd',
    searchAttributes: true,
  });
const told = () => [...new Set(story(world.activities.calls))];
const vm = 'qc/vcenter-qc/x';
const removeFails = () =>
  applicationFailure('vm-holds-replicas', {
    name: 'pgtest1-live',
    failoverVmId: FAILOVER_VM,
    volumes: 'v',
    vm,
  } as never);
const detachFails = (diskKey: number) =>
  applicationFailure('detach-failed', { diskKey, volumeId: replicaId(diskKey), vmId: FAILOVER_VM, cause: 'busy', vm });

const OFF = [
  'claimFailover',
  'planFailover',
  'preflightFailover',
  'stopVm',
  'openPoint',
  'snapshotVolume',
  'completePoint',
  'unmapFromVm',
  'detachFromVm',
];
const HOME = ['removeVm', 'attachVolume', 'resolveDevice', 'mapDevice', 'commitFailback', 'prunePoints', 'endClaim'];

describe('a failback', () => {
  test('stops the VM, snapshots what it wrote, takes all volumes off, removes it, and brings them to the appliance', async () => {
    const handle = await start();
    const result = (await handle.result()) as FailoverResult;
    expect(result).toMatchObject({
      state: 'returned',
      kind: 'back',
      pointId: POINT,
      failoverVm: { id: FAILOVER_VM, name: 'pgtest1-live' },
    });
    expect(result.disks.map((disk) => disk.devicePath)).toEqual([
      `remote-vm-${APPLIANCE}-${replicaId(2000)}`,
      `remote-vm-${APPLIANCE}-${replicaId(2001)}`,
    ]);
    expect(told()).toEqual([...OFF, ...HOME]);
    const open = world.activities.calls.find((call) => call.name === 'openPoint');
    expect(open?.input['purpose']).toBe('back');
    for (const name of ['stopVm', 'unmapFromVm', 'detachFromVm', 'removeVm'] as const) {
      expect(world.activities.calls.find((call) => call.name === name)?.input).toMatchObject({
        mode: 'release',
        failoverVmId: FAILOVER_VM,
      });
    }
    const names = world.activities.calls.map((call) => call.name);
    expect(names.indexOf('removeVm')).toBeGreaterThan(names.lastIndexOf('detachFromVm'));
  });

  test('of a VM that is not failed over is refused, and touches nothing', async () => {
    world.activities.script((call) =>
      call.name === 'planFailover' ? Promise.reject(applicationFailure('vm-not-failed-over', { vm })) : undefined,
    );
    const [record, ...causes] = await closingRecords((await start()).result());
    expect(record?.code).toBe('vm-not-failed-over');
    expect(causes).toEqual([]);
    expect(told()).toEqual(['claimFailover', 'planFailover', 'endClaim']);
  });

  test('that preflight refuses says the refusal itself, is recorded as refused, and can be asked again', async () => {
    const refusal = { applianceId: APPLIANCE, needed: 2, free: 1, limit: 8 };
    world.activities.script((call) =>
      call.name === 'preflightFailover' && call.nth === 1
        ? Promise.reject(applicationFailure('no-free-slots', refusal))
        : undefined,
    );
    const refused = await start();
    const [record, ...causes] = await closingRecords(refused.result());
    expect(record).toEqual(failureRecord('no-free-slots', refusal));
    expect(causes).toEqual([]);
    expect(told()).toEqual(['claimFailover', 'planFailover', 'preflightFailover', 'endClaim']);
    const rows = world.activities.calls.filter((call) => call.name === 'recordFailover').map((call) => call.input);
    expect(rows.at(-1)).toMatchObject({ phase: 'refused', failure: { code: 'no-free-slots' } });
    expect(rows.map((row) => row['phase'])).not.toContain('compensating');
    expect(await untilFailover(refused, () => true)).toMatchObject({ phase: 'refused', pointOfNoReturn: 'ahead' });

    expect(((await (await start()).result()) as FailoverResult).state).toBe('returned');
  });

  test('whose volume does not leave puts all on the VM again and starts it', async () => {
    world.activities.script((call) =>
      call.name === 'detachFromVm' && call.diskKey === 2001 ? Promise.reject(detachFails(2001)) : undefined,
    );
    const [record, cause] = await closingRecords((await start()).result());
    expect(record?.message).toContain('failback');
    expect(cause?.code).toBe('detach-failed');
    const made = story(world.activities.calls);
    for (const key of [2000, 2001]) {
      const ofDisk = world.activities.ofDisk(key);
      expect(ofDisk.slice(ofDisk.lastIndexOf('detachFromVm') + 1)).toEqual(['attachToVm', 'mapToVm']);
    }
    const again = world.activities.calls.find((call) => call.name === 'attachToVm' && call.diskKey === 2001);
    expect(again?.input).toMatchObject({ deviceId: 1, role: 'live_data' });
    expect(made.slice(-2)).toEqual(['startVm', 'endClaim']);
    expect(made).not.toContain('removeVm');
  });

  test.each(['stopVm', 'snapshotVolume', 'detachFromVm'] as const)(
    'that is cancelled in %s leaves the VM running as it was',
    async (name) => {
      let reached = false;
      world.activities.script((call) => {
        if (call.name !== name || call.nth > 1) return undefined;
        reached = true;
        return untilCancelled();
      });
      const handle = await start();
      await untilFailover(handle, () => reached);
      await handle.executeUpdate('cancel');
      expect(((await handle.result()) as FailoverResult).state).toBe('cancelled');
      expect(story(world.activities.calls).slice(-2)).toEqual(['startVm', 'endClaim']);
      expect(world.activities.count('deleteSnapshot')).toBe(name === 'snapshotVolume' ? 2 : 0);
      expect(world.activities.count('removeVm')).toBe(0);
    },
  );

  test('that cannot remove the VM is held, takes no cancel, and goes on when told', async () => {
    let holds = true;
    world.activities.script((call) => (call.name === 'removeVm' && holds ? Promise.reject(removeFails()) : undefined));
    const handle = await start();
    const held = await untilFailover(handle, (state) => state.phase === 'held');
    expect(held.pointOfNoReturn).toBe('passed');
    await expect(handle.executeUpdate('cancel')).rejects.toMatchObject({ cause: { type: 'update-refused' } });
    holds = false;
    await handle.executeUpdate('retryNow');
    expect(((await handle.result()) as FailoverResult).state).toBe('returned');
    expect(told().slice(-HOME.length)).toEqual(HOME);
  });

  test('that cannot bring a volume home is held, and can be given up with what is left named', async () => {
    world.activities.script((call) =>
      call.name === 'attachVolume' && call.diskKey === 2001
        ? Promise.reject(
            applicationFailure('attach-failed', {
              diskKey: 2001,
              volumeId: replicaId(2001),
              applianceId: APPLIANCE,
              cause: 'no slot',
              vm,
            }),
          )
        : undefined,
    );
    const handle = await start();
    const held = await untilFailover(handle, (state) => state.phase === 'held');
    expect(held.reason).toContain('no slot');
    await handle.executeUpdate('abandonLeftovers');
    const [record] = await closingRecords(handle.result());
    expect(record?.code).toBe('abandoned');
    expect(record?.message).toContain(replicaId(2001));
    expect(world.activities.count('commitFailback')).toBe(0);
    expect(world.activities.count('endClaim')).toBe(1);
  });

  test('of a VM with six disks takes each to the place that it had', async () => {
    const keys = [2000, 2001, 2002, 2003, 2004, 2005];
    world.activities.script((call) => {
      if (call.name === 'planFailover') {
        const live = { failoverVmId: FAILOVER_VM, failoverVmName: 'pgtest1-live', since: '2026-11-26T11:00:00.000Z' };
        return Promise.resolve({ ...planOf(keys), live });
      }
      return call.name === 'detachFromVm' && call.diskKey === 2005 ? Promise.reject(detachFails(2005)) : undefined;
    });
    await closingRecords((await start()).result());
    const ids = new Map(
      world.activities.calls
        .filter((call) => call.name === 'attachToVm')
        .map((call) => [call.diskKey, call.input['deviceId']]),
    );
    // 3 is CloudStack's CD-ROM.
    expect(keys.map((key) => ids.get(key))).toEqual([0, 1, 2, 4, 5, 6]);
  });
});
