import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { FailoverResult } from '../../domain/failover-state';
import { replicationWorkflowId } from '../../domain/names';
import type { Call } from '../support/scripted-activities';
import { applicationFailure, scriptedVolumeId, untilCancelled } from '../support/scripted-activities';
import { FAILOVER_VM, POINT, replicaId } from '../support/scripted-failover';
import { closingRecords, failoverInput, story, untilFailover } from '../support/failover-runs';
import type { WorkflowWorld } from '../support/workflow-world';
import { APPLIANCE, SOURCE_VM, replicateInput, startWorkflowWorld } from '../support/workflow-world';

let world: WorkflowWorld;
beforeAll(async () => {
  world = await startWorkflowWorld();
}, 120_000);
afterAll(() => world.close(), 120_000);
afterEach(() => {
  world.reset();
});

const start = (request: Record<string, unknown> = {}) =>
  world.startWorkflow('failOverVm', failoverInput('live', request));
const told = () => story(world.activities.calls);
const vm = 'qc/vcenter-qc/x';
const startFails = () =>
  applicationFailure('vm-start-failed', { name: 'pgtest1-x', failoverVmId: FAILOVER_VM, cause: 'no host', vm });
const { requestId: _id, ...FINAL_SYNC } = replicateInput().request;
const replicaVm = { site: 'qc', sourceId: 'vcenter-qc', sourceVmId: SOURCE_VM };

/** The final sync runs under the VM's own workflow id: it is replayed at the end too. */
async function trackSync(): Promise<void> {
  const { runId } = await world.client.workflow.getHandle(replicationWorkflowId(replicaVm)).describe();
  world.track(replicationWorkflowId(replicaVm), runId);
}

const BEFORE = ['claimFailover', 'planFailover', 'preflightFailover', 'openPoint', 'snapshotVolume', 'completePoint'];
const LEAVE = ['closeExport', 'unmapDevice', 'detachVolume', 'confirmDeviceGone'];
const BACK = ['attachVolume', 'resolveDevice', 'mapDevice'];
const stages = (names: string[]): string[] => [...new Set(names)];

describe('a live failover', () => {
  test('moves the replicas to a VM that is made before they leave, and passes its point of no return before the start', async () => {
    const handle = await start();
    const result = (await handle.result()) as FailoverResult;
    expect(result).toMatchObject({ state: 'failed_over', kind: 'live', pointId: POINT });
    expect(result.disks.map((disk) => [disk.key, disk.volumeId, disk.deviceId, disk.devicePath])).toEqual([
      [2000, replicaId(2000), 0, `remote-vm-${FAILOVER_VM}-${replicaId(2000)}`],
      [2001, replicaId(2001), 1, `remote-vm-${FAILOVER_VM}-${replicaId(2001)}`],
    ]);
    expect(stages(told())).toEqual([
      ...BEFORE,
      'deployVm',
      'clearRoot',
      ...LEAVE,
      'attachToVm',
      'mapToVm',
      'commitFailover',
      'startVm',
      'checkHealth',
      'prunePoints',
      'endClaim',
    ]);
    expect(world.activities.ofDisk(2001)).toEqual(['snapshotVolume', ...LEAVE, 'attachToVm', 'mapToVm']);
    for (const name of LEAVE as Call['name'][]) {
      expect(world.activities.calls.find((call) => call.name === name)?.input['mode']).toBe('release');
    }
    const roles = world.activities.calls.filter((call) => call.name === 'mapToVm').map((call) => call.input['role']);
    expect(roles.sort()).toEqual(['live_data', 'live_root']);
    const commit = world.activities.calls.find((call) => call.name === 'commitFailover');
    expect(commit?.input).toMatchObject({ failoverVmId: FAILOVER_VM, pointId: POINT });
    const state = await untilFailover(handle, () => true);
    expect(state.pointOfNoReturn).toBe('passed');
    expect([...state.vmStep.undosOwed, ...state.disks.flatMap((disk) => disk.undosOwed)]).toEqual([]);
  });

  test('that fails before its point of no return puts every volume back and then removes the VM', async () => {
    world.activities.script((call) =>
      call.name === 'attachToVm' && call.diskKey === 2001
        ? Promise.reject(
            applicationFailure('vm-attach-failed', {
              diskKey: 2001,
              volumeId: replicaId(2001),
              name: 'pgtest1-x',
              failoverVmId: FAILOVER_VM,
              deviceId: 1,
              cause: 'no slot',
            }),
          )
        : undefined,
    );
    const handle = await start();
    const [record, cause] = await closingRecords(handle.result());
    expect(record?.code).toBe('failover-rolled-back');
    expect(cause?.code).toBe('vm-attach-failed');
    for (const key of [2000, 2001]) {
      const made = world.activities.ofDisk(key);
      expect(made.slice(made.lastIndexOf('attachToVm') + 1)).toEqual(['detachFromVm', ...BACK]);
    }
    const names = world.activities.calls.map((call) => call.name);
    expect(names.indexOf('attachVolume')).toBeGreaterThan(names.lastIndexOf('detachFromVm'));
    expect(names.indexOf('removeVm')).toBeGreaterThan(names.lastIndexOf('mapDevice'));
    // The recovery point is complete: it is kept.
    expect(names).not.toContain('deleteSnapshot');
    expect(names).not.toContain('commitFailover');
  });

  test('puts a volume back that has left only in part, and goes on from wherever it stands', async () => {
    world.activities.script((call) => {
      if (call.name === 'detachVolume' && call.diskKey === 2001) {
        return Promise.reject(
          applicationFailure('detach-failed', {
            diskKey: 2001,
            volumeId: replicaId(2001),
            vmId: APPLIANCE,
            cause: 'busy',
            vm,
          }),
        );
      }
      if (call.name === 'resolveDevice' && call.nth === 1 && call.diskKey === 2000) {
        return Promise.reject(
          applicationFailure('device-missing', {
            diskKey: 2000,
            volumeId: replicaId(2000),
            applianceId: APPLIANCE,
            seen: 'none',
            vm,
          } as never),
        );
      }
      return undefined;
    });
    const handle = await start();
    const [record] = await closingRecords(handle.result());
    expect(record?.code).toBe('failover-rolled-back');
    expect(world.activities.ofDisk(2000).slice(-5)).toEqual([
      'attachVolume',
      'resolveDevice',
      'attachVolume',
      'resolveDevice',
      'mapDevice',
    ]);
    expect(told().slice(-2)).toEqual(['removeVm', 'endClaim']);
  });

  test('waits to be confirmed, says that it does, and takes everything back when it is cancelled instead', async () => {
    const confirmed = await start({ confirm: true });
    const asked = await untilFailover(confirmed, (state) => state.phase === 'awaiting_confirmation');
    expect(asked.pointOfNoReturn).toBe('asked');
    await expect(confirmed.executeUpdate('sourceQuiesced')).rejects.toMatchObject({
      cause: { type: 'update-refused' },
    });
    expect(world.activities.count('commitFailover')).toBe(0);
    await confirmed.executeUpdate('confirmStart');
    expect(((await confirmed.result()) as FailoverResult).state).toBe('failed_over');

    world.reset();
    const cancelled = await start({ confirm: true });
    await untilFailover(cancelled, (state) => state.phase === 'awaiting_confirmation');
    await cancelled.executeUpdate('cancel');
    expect(((await cancelled.result()) as FailoverResult).state).toBe('cancelled');
    const made = told();
    expect(stages(made.slice(made.lastIndexOf('mapToVm') + 1))).toEqual([
      'unmapFromVm',
      'detachFromVm',
      ...BACK,
      'removeVm',
      'endClaim',
    ]);
  });

  test('takes no stop while it passes its point of no return, nor after it', async () => {
    let committing = false;
    world.activities.script((call) => {
      if (call.name !== 'commitFailover') return undefined;
      committing = true;
      return new Promise((resolve) => setTimeout(() => resolve(undefined), 700));
    });
    const handle = await start();
    await untilFailover(handle, () => committing);
    await expect(handle.executeUpdate('cancel')).rejects.toMatchObject({
      cause: { message: expect.stringContaining('diskferry failover back qc/vcenter-qc/') },
    });
    await handle.cancel();
    expect(((await handle.result()) as FailoverResult).state).toBe('failed_over');
    expect(world.activities.count('removeVm')).toBe(0);
  });

  test('whose VM does not start is held beyond the point of no return, and retryNow lets it go on', async () => {
    let hosts = false;
    world.activities.script((call) => (call.name === 'startVm' && !hosts ? Promise.reject(startFails()) : undefined));
    const handle = await start();
    const held = await untilFailover(handle, (state) => state.phase === 'held');
    expect(held.reason).toContain('no host');
    expect(held.pointOfNoReturn).toBe('passed');
    await expect(handle.executeUpdate('cancel')).rejects.toMatchObject({
      cause: { message: expect.stringContaining('diskferry failover back') },
    });
    hosts = true;
    await handle.executeUpdate('retryNow');
    const result = (await handle.result()) as FailoverResult;
    expect(result.state).toBe('failed_over');
    expect(result.kept).toEqual([]);
    expect(world.activities.count('stopVm')).toBe(0);
    expect((await untilFailover(handle, () => true)).lastFailure).toBeUndefined();
  });

  test('that is held and given up ends as failed over, with the failure named', async () => {
    world.activities.script((call) => (call.name === 'startVm' ? Promise.reject(startFails()) : undefined));
    const handle = await start();
    await untilFailover(handle, (state) => state.phase === 'held');
    await handle.executeUpdate('abandonLeftovers');
    const result = (await handle.result()) as FailoverResult;
    expect(result.state).toBe('failed_over');
    expect(result.kept[0]).toContain('no host');
    expect(result.readyAt).toBeUndefined();
    expect(world.activities.count('endClaim')).toBe(1);
    expect(world.activities.count('removeVm')).toBe(0);
  });

  test('whose commit is refused goes back as a whole', async () => {
    world.activities.script((call) =>
      call.name === 'commitFailover'
        ? Promise.reject(applicationFailure('vm-claimed', { vm, holder: 'x', runId: 'r', kind: 'failover' }))
        : undefined,
    );
    const [record] = await closingRecords((await start()).result());
    expect(record?.code).toBe('failover-rolled-back');
    expect(world.activities.count('startVm')).toBe(0);
    expect(told().slice(-2)).toEqual(['removeVm', 'endClaim']);
  });

  test('prepares the guest on the replicas after the recovery point and before they move', async () => {
    await (await start({ guest: { kind: 'hook', hook: 'virtio' } })).result();
    const made = told();
    expect(made.indexOf('prepareGuest')).toBeGreaterThan(made.indexOf('completePoint'));
    expect(made.indexOf('prepareGuest')).toBeLessThan(made.indexOf('detachVolume'));
    expect(world.activities.count('attachVolume')).toBe(0);
  });

  test('takes replicas that are not verified only with the reason', async () => {
    await (await start({ allowUnverified: 'the source is gone' })).result();
    const plan = world.activities.calls.find((call) => call.name === 'planFailover');
    expect(plan?.input['allowUnverified']).toBe('the source is gone');
  });
});

describe('a live failover of a source that is still there', () => {
  test('has it quiesced by a hook, synced by a replication of its own, and only then claims the VM', async () => {
    const handle = await start({
      quiesce: { by: 'hook', hook: 'stop-db', resumeHook: 'start-db' },
      finalSync: FINAL_SYNC,
    });
    expect(((await handle.result()) as FailoverResult).state).toBe('failed_over');
    await trackSync();
    const made = told();
    expect(made.slice(0, 4)).toEqual(['planFailover', 'preflightFailover', 'quiesceSource', 'claimVm']);
    expect(made.indexOf('claimFailover')).toBeGreaterThan(made.indexOf('verifyDisk'));
    const sync = world.activities.calls.find((call) => call.name === 'claimVm');
    expect(sync?.input['requestId']).not.toBe(failoverInput('live').request.requestId);
    const site = world.activities.calls.find((call) => call.name === 'preflightSite');
    expect(site?.input['request']).toMatchObject({ overwrite: true });
    expect(world.activities.count('resumeSource')).toBe(0);
  });

  test('lets the source write again when the sync fails; nothing else was done', async () => {
    world.activities.script((call) =>
      call.name === 'attachVolume'
        ? Promise.reject(
            applicationFailure('attach-failed', {
              diskKey: 2000,
              volumeId: scriptedVolumeId(2000),
              applianceId: APPLIANCE,
              cause: 'nope',
              vm,
            }),
          )
        : undefined,
    );
    const handle = await start({ quiesce: { by: 'hook', hook: 'stop-db' }, finalSync: FINAL_SYNC });
    const [record, cause] = await closingRecords(handle.result());
    await trackSync();
    expect(record?.code).toBe('failover-rolled-back');
    expect(cause?.code).toBe('rolled-back');
    expect(told().at(-1)).toBe('resumeSource');
    expect(world.activities.count('claimFailover')).toBe(0);
  });

  test('is stopped during the sync: the sync keeps all volumes, the source writes again', async () => {
    world.activities.script((call) => (call.name === 'copyDisk' ? untilCancelled() : undefined));
    const handle = await start({ quiesce: { by: 'hook', hook: 'stop-db' }, finalSync: FINAL_SYNC });
    await untilFailover(handle, (state) => state.phase === 'syncing' && world.activities.count('copyDisk') === 2);
    await handle.executeUpdate('cancel');
    expect(((await handle.result()) as FailoverResult).state).toBe('cancelled');
    await trackSync();
    expect(world.activities.count('detachVolume')).toBe(0);
    expect(told().at(-1)).toBe('resumeSource');
  });

  test('waits for the word that the source is quiet, and may be stopped meanwhile', async () => {
    const handle = await start({ quiesce: { by: 'update' } });
    await untilFailover(handle, (state) => state.phase === 'quiescing');
    expect(world.activities.count('claimFailover')).toBe(0);
    await handle.executeUpdate('sourceQuiesced');
    expect(((await handle.result()) as FailoverResult).state).toBe('failed_over');

    world.reset();
    const other = await start({ quiesce: { by: 'update' } });
    await untilFailover(other, (state) => state.phase === 'quiescing');
    await other.executeUpdate('cancel');
    expect(((await other.result()) as FailoverResult).state).toBe('cancelled');
    expect(told()).toEqual(['planFailover', 'preflightFailover']);
  });

  test('is refused before the source is quiesced when the preflight refuses', async () => {
    world.activities.script((call) =>
      call.name === 'preflightFailover'
        ? Promise.reject(applicationFailure('service-offering-unknown', { site: 'qc', offering: 'small' }))
        : undefined,
    );
    const [record] = await closingRecords((await start({ quiesce: { by: 'hook', hook: 'stop-db' } })).result());
    expect(record?.code).toBe('service-offering-unknown');
    expect(world.activities.count('quiesceSource')).toBe(0);
  });

  test('lets the source write again last, when the move fails', async () => {
    world.activities.script((call) =>
      call.name === 'clearRoot'
        ? Promise.reject(
            applicationFailure('clear-root-failed', {
              name: 'pgtest1-x',
              failoverVmId: FAILOVER_VM,
              volumeId: replicaId(2000),
              cause: 'busy',
              vm,
            } as never),
          )
        : undefined,
    );
    await closingRecords((await start({ quiesce: { by: 'hook', hook: 'stop-db' } })).result());
    expect(told().slice(-3)).toEqual(['removeVm', 'resumeSource', 'endClaim']);
  });
});
