import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { WorkflowFailedError } from '@temporalio/client';
import type { ReleaseResult } from '../../workflows/release-vm';
import { applicationFailure } from '../support/scripted-activities';
import type { WorkflowWorld } from '../support/workflow-world';
import { APPLIANCE, SOURCE_VM, startWorkflowWorld } from '../support/workflow-world';

let world: WorkflowWorld;
beforeAll(async () => {
  world = await startWorkflowWorld();
}, 120_000);
afterAll(() => world.close(), 120_000);
afterEach(() => {
  world.reset();
});

const A = '00000000-0000-4000-8000-00000000000a';
const B = '00000000-0000-4000-8000-00000000000b';
const replicas = [A, B].map((volumeId, index) => ({
  diskKey: 2000 + index,
  volumeId,
  volumeName: `diskferry-pgtest1-${String(2000 + index)}`,
  volumeBytes: 1_073_741_824,
  copyBegun: true,
}));
const P = 'a0000000-0000-4000-8000-00000000000a';
const points = [{ pointId: P, takenAt: '2026-11-26T10:00:00.000Z' }];
const release = (deleteVolumes: string[] = [], deletePoints = false) => ({
  vm: { site: 'qc', sourceId: 'vcenter-qc', sourceVmId: SOURCE_VM, vmName: 'pgtest1', applianceId: APPLIANCE },
  deleteVolumes,
  deletePoints,
  searchAttributes: true,
});

describe('a release', () => {
  test('takes every replica off the appliance, newest thing first, and keeps the volumes', async () => {
    world.activities.script((call) => (call.name === 'listReplicas' ? Promise.resolve({ replicas }) : undefined));
    const result = (await (await world.startWorkflow('releaseVm', release())).result()) as ReleaseResult;
    expect(result.disks).toEqual([
      { key: 2000, volumeId: A, deleted: false },
      { key: 2001, volumeId: B, deleted: false },
    ]);
    expect(result.kept).toHaveLength(2);
    for (const key of [2000, 2001]) {
      expect(world.activities.ofDisk(key)).toEqual(['closeExport', 'unmapDevice', 'detachVolume', 'confirmDeviceGone']);
    }
    expect(world.activities.calls.find((call) => call.name === 'detachVolume')?.input['mode']).toBe('release');
    expect(world.activities.count('endClaim')).toBe(1);
  });

  test('deletes only the volume that was named', async () => {
    world.activities.script((call) => (call.name === 'listReplicas' ? Promise.resolve({ replicas }) : undefined));
    const result = (await (await world.startWorkflow('releaseVm', release([B]))).result()) as ReleaseResult;
    expect(result.disks.map((disk) => disk.deleted)).toEqual([false, true]);
    expect(
      world.activities.calls.filter((call) => call.name === 'deleteVolume').map((call) => call.input['volumeId']),
    ).toEqual([B]);
  });

  test('of all volumes names the recovery points that stay, and the command that removes them', async () => {
    world.activities.script((call) =>
      call.name === 'listReplicas' ? Promise.resolve({ replicas, points }) : undefined,
    );
    const some = (await (await world.startWorkflow('releaseVm', release([B]))).result()) as ReleaseResult;
    expect(some.kept).toEqual([expect.stringContaining(A)]);
    const all = (await (await world.startWorkflow('releaseVm', release([A, B]))).result()) as ReleaseResult;
    expect(all.kept).toEqual([
      `recovery point ${P} of 2026-11-26T10:00:00.000Z is kept; to remove it: diskferry release qc/vcenter-qc/${SOURCE_VM} --delete-points`,
    ]);
    expect(all.disks.map(({ deleted }) => deleted)).toEqual([true, true]);
    expect(world.activities.count('prunePoints')).toBe(0);
  });

  test('removes recovery points after the volumes where it is told to, and says what could not be removed', async () => {
    world.activities.script((call) => {
      if (call.name === 'listReplicas') return Promise.resolve({ replicas, points });
      return call.name === 'prunePoints' ? Promise.resolve({ removed: [], left: ['snapshot x: busy'] }) : undefined;
    });
    const result = (await (await world.startWorkflow('releaseVm', release([A, B], true))).result()) as ReleaseResult;
    expect(result.kept).toEqual(['snapshot x: busy']);
    const names = world.activities.calls.map(({ name }) => name);
    expect(names.indexOf('prunePoints')).toBeGreaterThan(names.lastIndexOf('deleteVolume'));
    expect(names.indexOf('endClaim')).toBeGreaterThan(names.indexOf('prunePoints'));
    expect(world.activities.calls.find(({ name }) => name === 'prunePoints')?.input['which']).toBe('all');
  });

  test('does not remove the recovery points of a VM of which a volume stays', async () => {
    world.activities.script((call) =>
      call.name === 'listReplicas' ? Promise.resolve({ replicas, points }) : undefined,
    );
    const error: unknown = await (
      await world.startWorkflow('releaseVm', release([B], true))
    )
      .result()
      .catch((caught: unknown) => caught);
    expect((error as WorkflowFailedError).cause?.message).toContain(`these are to stay: ${A}`);
    expect(world.activities.count('closeExport')).toBe(0);
    expect(world.activities.count('endClaim')).toBe(1);
  });

  test('that names a volume of somebody else is refused before anything is touched', async () => {
    world.activities.script((call) =>
      call.name === 'listReplicas' ? Promise.resolve({ replicas: replicas.slice(0, 1) }) : undefined,
    );
    const error: unknown = await (
      await world.startWorkflow('releaseVm', release([B]))
    )
      .result()
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(WorkflowFailedError);
    expect((error as WorkflowFailedError).cause?.message).toContain(B);
    expect(world.activities.count('detachVolume')).toBe(0);
    expect(world.activities.count('endClaim')).toBe(1);
  });

  test('tries a failing detach again until it is proven, and takes no cancel', async () => {
    world.activities.script((call) => {
      if (call.name === 'listReplicas') return Promise.resolve({ replicas });
      if (call.name === 'detachVolume' && call.diskKey === 2001 && call.nth === 1) {
        return Promise.reject(
          applicationFailure('detach-failed', { diskKey: 2001, volumeId: B, vmId: APPLIANCE, cause: 'busy', vm: 'x' }),
        );
      }
      return undefined;
    });
    const handle = await world.startWorkflow('releaseVm', release());
    await world.until(handle, (state) => state.disks[1]?.lastFailure !== undefined);
    await expect(handle.executeUpdate('cancel')).rejects.toMatchObject({ cause: { type: 'update-refused' } });
    expect(((await handle.result()) as ReleaseResult).state).toBe('released');
  });

  test('of a VM that a replication holds fails with the holder', async () => {
    world.activities.script((call) =>
      call.name === 'claimVm'
        ? Promise.reject(
            applicationFailure('vm-claimed', { vm: 'x', holder: 'replicate-vm/x', runId: 'r', kind: 'replication' }),
          )
        : undefined,
    );
    const error: unknown = await (
      await world.startWorkflow('releaseVm', release())
    )
      .result()
      .catch((caught: unknown) => caught);
    expect((error as WorkflowFailedError).cause?.message).toContain('replicate-vm/x');
    expect(world.activities.calls.map((call) => call.name)).toEqual(['claimVm']);
  });
});
