import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { WorkflowFailedError } from '@temporalio/client';
import type { ReplicationResult } from '../../domain/replication-state';
import type { Call } from '../support/scripted-activities';
import { applicationFailure, untilCancelled } from '../support/scripted-activities';
import { POINT, replicaId } from '../support/scripted-failover';
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

const OVERWRITE = { request: { overwrite: true } };
const FORWARD = ['createVolume', 'attachVolume', 'resolveDevice', 'mapDevice'];
const LEAVE = ['closeExport', 'unmapDevice', 'detachVolume', 'confirmDeviceGone'];
const RETURN = ['attachVolume', 'resolveDevice', 'mapDevice'];
const TRANSFER = ['beginCopy', 'openExport', 'copyDisk', 'verifyDisk', 'closeExport'];
const BACK = ['unmapDevice', 'detachVolume', 'confirmDeviceGone', 'deleteVolume'];

/** A VM whose disks have their volumes already, and what else a script says. */
function replicatedBefore(script: (call: Call) => Promise<unknown> | undefined = () => undefined, keys = [2000, 2001]) {
  world.activities.script((call) => {
    const scripted = script(call);
    if (scripted !== undefined) return scripted;
    if (call.name === 'preflightSite') {
      return Promise.resolve({
        zoneId: '11111111-1111-4111-8111-111111111111',
        zoneName: 'QC',
        diskOfferingId: '22222222-2222-4222-8222-222222222222',
        diskOfferingName: 'replica-custom',
        cloudStackVersion: '4.22.1.0',
        applianceName: 'appliance-qc',
        freeSlots: 32,
        slotLimit: 32,
        mayChooseVolumeIds: true,
        applianceMacAddresses: [],
        existingVolumes: keys.map((diskKey) => ({ diskKey, volumeId: replicaId(diskKey) })),
      });
    }
    if (call.name === 'createVolume' && keys.includes(call.diskKey ?? 0)) {
      const volumeId = replicaId(call.diskKey ?? 0);
      return Promise.resolve({ volumeId, volumeName: 'diskferry-x', volumeBytes: 10_737_418_240, created: false });
    }
    return undefined;
  });
}

const snapshotFails = (diskKey: number) =>
  applicationFailure('snapshot-failed', { diskKey, volumeId: replicaId(diskKey), cause: 'no space' });
const needsDetach = (diskKey: number) =>
  applicationFailure('snapshot-needs-detach', {
    diskKey,
    site: 'qc',
    volumeId: replicaId(diskKey),
    vmId: APPLIANCE,
    cause: 'kvm.snapshot.enabled',
  });
const names = () => world.activities.calls.map((call) => call.name).filter((name) => name !== 'recordPhase');

describe('a cycle over volumes that were there before', () => {
  test('takes a recovery point of all of them before the barrier, prunes, and shows it', async () => {
    replicatedBefore();
    const handle = await world.start(OVERWRITE);
    expect(((await handle.result()) as ReplicationResult).state).toBe('replicated');
    for (const key of [2000, 2001]) {
      expect(world.activities.ofDisk(key)).toEqual([...FORWARD, 'snapshotVolume', ...TRANSFER]);
    }
    const order = names();
    expect(order.indexOf('openPoint')).toBeGreaterThan(order.lastIndexOf('mapDevice'));
    expect(order.indexOf('completePoint')).toBeGreaterThan(order.lastIndexOf('snapshotVolume'));
    expect(order.indexOf('prunePoints')).toBeGreaterThan(order.indexOf('completePoint'));
    expect(order.indexOf('beginCopy')).toBeGreaterThan(order.indexOf('prunePoints'));
    const open = world.activities.calls.find((call) => call.name === 'openPoint');
    expect(open?.input).toMatchObject({ purpose: 'cycle', attempt: 1 });
    const state = await world.state(handle);
    expect(state.pointId).toBe(POINT);
    expect(state.disks.flatMap((disk) => disk.undosOwed)).toEqual([]);
  });

  test('snapshots no disk that is new', async () => {
    replicatedBefore(undefined, [2000]);
    await (await world.start(OVERWRITE)).result();
    expect(world.activities.count('snapshotVolume', 2000)).toBe(1);
    expect(world.activities.count('snapshotVolume', 2001)).toBe(0);
  });

  test('goes on without a point where none is needed', async () => {
    replicatedBefore((call) =>
      call.name === 'openPoint' ? Promise.resolve({ because: 'the site keeps none' }) : undefined,
    );
    const handle = await world.start(OVERWRITE);
    await handle.result();
    expect(world.activities.count('snapshotVolume')).toBe(0);
    expect((await world.state(handle)).pointId).toBeUndefined();
  });

  test('leaves no snapshot when one of them fails: all or none', async () => {
    replicatedBefore((call) =>
      call.name === 'snapshotVolume' && call.diskKey === 2001 ? Promise.reject(snapshotFails(2001)) : undefined,
    );
    await expect((await world.start(OVERWRITE)).result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect(world.activities.ofDisk(2000)).toEqual([...FORWARD, 'snapshotVolume', 'deleteSnapshot', ...BACK]);
    expect(world.activities.count('snapshotVolume', 2001)).toBe(2);
    expect(world.activities.count('completePoint')).toBe(0);
    expect(world.activities.count('beginCopy')).toBe(0);
  });

  test('tries completePoint again, and keeps complete points when a later step fails', async () => {
    replicatedBefore((call) => {
      if (call.name === 'completePoint' && call.nth === 1) {
        return Promise.reject(
          applicationFailure('point-incomplete', { pointId: POINT, vm: 'x', missing: 'disk 2001' }),
        );
      }
      if (call.name === 'openExport') return untilCancelled();
      return undefined;
    });
    const handle = await world.start(OVERWRITE);
    await world.until(handle, (state) => state.disks.some((disk) => disk.step === 'openExport'));
    await handle.executeUpdate('cancel');
    expect(((await handle.result()) as ReplicationResult).state).toBe('cancelled');
    expect(world.activities.count('completePoint')).toBe(2);
    expect(world.activities.count('deleteSnapshot')).toBe(0);
  });

  test('says what pruning left, and goes on; a failing prune fails nothing', async () => {
    replicatedBefore((call) =>
      call.name === 'prunePoints'
        ? Promise.resolve({ removed: [], left: ['snapshot s of disk 2000: busy'] })
        : undefined,
    );
    const handle = await world.start(OVERWRITE);
    await handle.result();
    expect((await world.state(handle)).pointsLeft).toEqual(['snapshot s of disk 2000: busy']);

    replicatedBefore((call) => (call.name === 'prunePoints' ? Promise.reject(snapshotFails(2000)) : undefined));
    const other = await world.start(OVERWRITE);
    expect(((await other.result()) as ReplicationResult).state).toBe('replicated');
    expect((await world.state(other)).pointsLeft).toHaveLength(1);
  });

  test('takes the volumes off and back where the site snapshots none of a running VM', async () => {
    replicatedBefore((call) => {
      if (call.name === 'snapshotVolume' && call.nth === 1) return Promise.reject(needsDetach(call.diskKey ?? 0));
      if (call.name === 'resolveDevice' && call.nth === 2) {
        return Promise.resolve({
          deviceNode: '/dev/disk/by-id/virtio-again',
          kernelNode: '/dev/vdy',
          serial: '0000',
          sizeBytes: 10_737_418_240,
          bootId: 'b',
          instance: '2',
          simulated: false,
        });
      }
      return undefined;
    });
    await (await world.start(OVERWRITE)).result();
    for (const key of [2000, 2001]) {
      expect(world.activities.ofDisk(key)).toEqual([
        ...FORWARD,
        'snapshotVolume',
        ...LEAVE,
        'snapshotVolume',
        ...RETURN,
        ...TRANSFER,
      ]);
    }
    const detach = world.activities.calls.find((call) => call.name === 'detachVolume');
    expect(detach?.input['mode']).toBe('release');
    const opened = world.activities.calls.find((call) => call.name === 'openExport');
    expect(opened?.input['device']).toMatchObject({ instance: '2' });
  });

  test('brings the volumes back also when snapshotting fails apart from the appliance', async () => {
    replicatedBefore((call) => {
      if (call.name !== 'snapshotVolume') return undefined;
      return Promise.reject(call.nth === 1 ? needsDetach(call.diskKey ?? 0) : snapshotFails(call.diskKey ?? 0));
    });
    await expect((await world.start(OVERWRITE)).result()).rejects.toBeInstanceOf(WorkflowFailedError);
    const made = world.activities.ofDisk(2000);
    expect(made.slice(made.lastIndexOf('snapshotVolume') + 1)).toEqual([...RETURN, 'deleteSnapshot', ...BACK]);
  });

  test('that is cancelled while the volumes are off with all volumes kept brings them back and keeps no snapshot', async () => {
    replicatedBefore((call) => {
      if (call.name !== 'snapshotVolume') return undefined;
      return call.nth === 1 ? Promise.reject(needsDetach(call.diskKey ?? 0)) : untilCancelled();
    });
    const handle = await world.start(OVERWRITE);
    await world.until(handle, () => world.activities.count('snapshotVolume') === 4);
    await handle.cancel();
    expect(((await handle.result()) as ReplicationResult).state).toBe('cancelled');
    const made = world.activities.ofDisk(2000);
    expect(made.slice(made.lastIndexOf('snapshotVolume') + 1)).toEqual([...RETURN, 'deleteSnapshot']);
  });
});
