import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { failureRecordSchema } from '../../domain/failures';
import type { Phase } from '../../domain/phases';
import { mayFollow } from '../../domain/phases';
import type { ReplicationResult } from '../../domain/replication-state';
import type { Call } from '../support/scripted-activities';
import { applicationFailure, scriptedVolumeId, untilCancelled } from '../support/scripted-activities';
import type { WorkflowWorld } from '../support/workflow-world';
import { APPLIANCE, replicateInput, startWorkflowWorld } from '../support/workflow-world';

let world: WorkflowWorld;
beforeAll(async () => {
  world = await startWorkflowWorld();
}, 120_000);
afterAll(() => world.close(), 120_000);
afterEach(() => {
  world.reset();
});

const attachFails = (diskKey: number, cause: string) =>
  applicationFailure('attach-failed', {
    diskKey,
    volumeId: scriptedVolumeId(diskKey),
    applianceId: APPLIANCE,
    cause,
    vm: 'qc/vcenter-qc/x',
  });
const copyFails = (diskKey: number) =>
  applicationFailure('copy-failed', {
    diskKey,
    source: 'nbd://127.0.0.1:10809/x',
    volumeId: scriptedVolumeId(diskKey),
    offset: 0,
    cause: 'No such export',
    vm: 'qc/vcenter-qc/x',
  });
const detachFails = (diskKey: number) =>
  applicationFailure('detach-failed', {
    diskKey,
    volumeId: scriptedVolumeId(diskKey),
    vmId: APPLIANCE,
    cause: 'busy',
    vm: 'qc/vcenter-qc/x',
  });
const is = (call: Call, name: Call['name'], diskKey?: number): boolean =>
  call.name === name && (diskKey === undefined || call.diskKey === diskKey);

const FORWARD = ['createVolume', 'attachVolume', 'resolveDevice', 'mapDevice'];
const TRANSFER = ['beginCopy', 'openExport', 'copyDisk', 'verifyDisk', 'closeExport'];
const BACK = ['unmapDevice', 'detachVolume', 'confirmDeviceGone', 'deleteVolume'];

async function closingRecord(promise: Promise<unknown>) {
  const error: unknown = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(WorkflowFailedError);
  const cause = (error as WorkflowFailedError).cause;
  expect(cause).toBeInstanceOf(ApplicationFailure);
  return failureRecordSchema.parse((cause as ApplicationFailure).details?.[0]);
}

describe('a replication', () => {
  test('of two disks takes both through every step and answers with their ids', async () => {
    const handle = await world.start();
    const result = (await handle.result()) as ReplicationResult;
    expect(result.state).toBe('replicated');
    expect(result.disks.map((disk) => disk.devicePath)).toEqual([
      `remote-vm-${APPLIANCE}-${scriptedVolumeId(2000)}`,
      `remote-vm-${APPLIANCE}-${scriptedVolumeId(2001)}`,
    ]);
    for (const key of [2000, 2001]) expect(world.activities.ofDisk(key)).toEqual([...FORWARD, ...TRANSFER]);
    expect((await world.state(handle)).disks.flatMap((disk) => disk.undosOwed)).toEqual([]);
    expect(world.activities.count('endClaim')).toBe(1);
  });

  test('whose first disk verifies while the last export is not open yet copies on, and says so', async () => {
    const later = (milliseconds: number, answer: unknown) =>
      new Promise((resolve) => setTimeout(() => resolve(answer), milliseconds));
    world.activities.script((call) => {
      if (is(call, 'openExport', 2001)) return later(600, { exportName: 'e', uri: 'nbd+unix:///e?socket=s' });
      if (is(call, 'verifyDisk', 2000)) return later(1_200, { sourceHash: 'h', targetHash: 'h' });
      return undefined;
    });
    const handle = await world.start();
    const seen = await world.until(handle, (state) => state.phase === 'copying' || state.phase === 'verifying');
    expect(seen.disks[0]?.step).toBe('verifyDisk');
    expect(((await handle.result()) as ReplicationResult).state).toBe('replicated');
    const phases = world.activities.calls
      .filter((call) => call.name === 'recordPhase')
      .map((call) => call.input['phase']);
    // Each phase that was recorded may follow the one before it.
    expect(phases.every((phase, index) => index === 0 || mayFollow(phases[index - 1] as Phase, phase as Phase))).toBe(
      true,
    );
  });

  test('begins no copy before every disk is mapped', async () => {
    world.activities.script((call) =>
      is(call, 'mapDevice', 2001)
        ? new Promise((resolve) => setTimeout(() => resolve({ devicePath: 'x' }), 300))
        : undefined,
    );
    await (await world.start()).result();
    const names = world.activities.calls.map((call) => call.name);
    expect(names.indexOf('beginCopy')).toBeGreaterThan(names.lastIndexOf('mapDevice'));
  });

  test.each([1, 3, 6])('of %i disks runs by the same code', async (count) => {
    const disks = Array.from({ length: count }, (_, index) => 2000 + index);
    const result = (await (await world.start({ disks })).result()) as ReplicationResult;
    expect(new Set(result.disks.map((disk) => disk.devicePath)).size).toBe(count);
  });

  test('with an input that is not valid fails at once, naming the field, and calls nothing', async () => {
    const input = replicateInput();
    const handle = await world.startWorkflow('replicateVm', { ...input, request: { ...input.request, disks: [] } });
    const record = await closingRecord(handle.result());
    expect(record.code).toBe('request-invalid');
    expect(record.message).toContain('request.disks must name at least one disk');
    expect(world.activities.calls).toEqual([]);
  });

  test('of a VM that somebody else holds fails with the holder, and releases nothing', async () => {
    world.activities.script((call) =>
      is(call, 'claimVm')
        ? Promise.reject(
            applicationFailure('vm-claimed', { vm: 'x', holder: 'release-vm/x', runId: 'r', kind: 'release' }),
          )
        : undefined,
    );
    const record = await closingRecord((await world.start()).result());
    expect(record.code).toBe('vm-claimed');
    expect(world.activities.calls.map((call) => call.name)).toEqual(['claimVm']);
  });
});

describe('a step that fails', () => {
  test('is tried again up to stepAttempts, and the attempts are seen while it happens', async () => {
    world.activities.script((call) =>
      is(call, 'attachVolume', 2001) && call.nth <= 3 ? Promise.reject(attachFails(2001, 'no')) : undefined,
    );
    const handle = await world.start({ budgets: { stepAttempts: 5, stepPause: '300ms' } });
    const seen = await world.until(handle, (state) => state.disks[1]?.lastFailure !== undefined);
    expect(seen.disks[1]?.lastFailure?.message).toContain('Disk 2001');
    expect(seen.disks[1]?.nextTryAt).toBeDefined();
    const retrying = await world.until(handle, (state) => state.phase === 'retrying');
    expect(retrying.reason).toContain('no');
    expect(((await handle.result()) as ReplicationResult).state).toBe('replicated');
    expect(world.activities.count('attachVolume', 2001)).toBe(4);
    expect((await world.state(handle)).disks[1]?.lastFailure).toBeUndefined();
  });

  test('every time is rolled back: newest first per disk, the message names disk and words', async () => {
    world.activities.script((call) =>
      is(call, 'attachVolume', 2001)
        ? Promise.reject(attachFails(2001, 'Failed to attach volume x to VM y; nope'))
        : undefined,
    );
    const handle = await world.start();
    const record = await closingRecord(handle.result());
    expect(record.code).toBe('rolled-back');
    expect(record.message).toContain('Disk 2001');
    expect(record.message).toContain('Failed to attach volume x to VM y; nope');
    expect(world.activities.ofDisk(2000)).toEqual([...FORWARD, ...BACK]);
    expect(world.activities.ofDisk(2001)).toEqual([
      'createVolume',
      'attachVolume',
      'attachVolume',
      'detachVolume',
      'confirmDeviceGone',
      'deleteVolume',
    ]);
    const state = await world.state(handle);
    expect(state.phase).toBe('rolled_back');
    expect(state.disks.flatMap((disk) => disk.undosOwed)).toEqual([]);
    expect(world.activities.count('endClaim')).toBe(1);
  });

  test('is provisioned anew up to provisioningAttempts, with a pause that retryNow cuts short', async () => {
    world.activities.script((call) =>
      is(call, 'attachVolume', 2001) && call.input['attempt'] === 1
        ? Promise.reject(attachFails(2001, 'no'))
        : undefined,
    );
    const handle = await world.start({ budgets: { provisioningAttempts: 2, provisioningPause: '1h' } });
    await world.until(handle, (state) => state.phase === 'retrying' && state.disks[0]?.step === 'waiting');
    await handle.executeUpdate('retryNow');
    const result = (await handle.result()) as ReplicationResult;
    expect(result.disks.map((disk) => disk.volumeId)).toEqual([scriptedVolumeId(2000, 2), scriptedVolumeId(2001, 2)]);
    expect(world.activities.ofDisk(2000)).toEqual([...FORWARD, ...BACK, ...FORWARD, ...TRANSFER]);
  });

  test('that is refused is not tried again, by step or by provisioning', async () => {
    world.activities.script((call) =>
      is(call, 'createVolume', 2000)
        ? Promise.reject(applicationFailure('create-refused', { diskKey: 2000, volumeName: 'v', cause: 'quota' }))
        : undefined,
    );
    const record = await closingRecord((await world.start({ budgets: { provisioningAttempts: 3 } })).result());
    expect(record.message).toContain('quota');
    expect(world.activities.count('createVolume', 2000)).toBe(1);
    expect(world.activities.count('deleteVolume', 2000)).toBe(1);
  });

  test('unavailable is tried by the server without limit and undoes nothing', async () => {
    world.activities.script((call) =>
      is(call, 'attachVolume', 2000) && call.nth <= 3
        ? Promise.reject(
            applicationFailure('cloudstack-unavailable', {
              site: 'qc',
              endpoint: 'e',
              command: 'attachVolume',
              cause: 'ECONNREFUSED',
            }),
          )
        : undefined,
    );
    const handle = await world.start({ budgets: { stepAttempts: 1 } });
    expect(((await handle.result()) as ReplicationResult).state).toBe('replicated');
    expect(world.activities.count('attachVolume', 2000)).toBe(4);
    expect(world.activities.count('detachVolume')).toBe(0);
  });
});

describe('after the first copy has begun', () => {
  test('a failing disk holds the run, its sibling finishes, retryNow goes on, nothing is undone', async () => {
    world.activities.script((call) =>
      is(call, 'copyDisk', 2001) && call.nth <= 2 ? Promise.reject(copyFails(2001)) : undefined,
    );
    const handle = await world.start();
    const held = await world.until(handle, (state) => state.phase === 'held');
    expect(held.disks.map((disk) => disk.step)).toEqual(['replicated', 'held']);
    expect(held.reason).toContain('Disk 2001');
    await handle.executeUpdate('retryNow');
    expect(((await handle.result()) as ReplicationResult).state).toBe('replicated');
    expect(world.activities.count('deleteVolume')).toBe(0);
    expect(world.activities.count('detachVolume')).toBe(0);
    // The device is proven anew when a held disk goes on.
    expect(world.activities.count('resolveDevice', 2001)).toBe(2);
  });

  test('a held disk takes another source', async () => {
    world.activities.script((call) =>
      is(call, 'copyDisk', 2001) && JSON.stringify(call.input).includes('pgtest1-2001')
        ? Promise.reject(copyFails(2001))
        : undefined,
    );
    const handle = await world.start();
    await world.until(handle, (state) => state.phase === 'held');
    await expect(
      handle.executeUpdate('replaceDiskOptions', { args: [{ diskKey: 2001, sourceUri: 'nbd://u:p@127.0.0.1/x' }] }),
    ).rejects.toMatchObject({ cause: { message: expect.stringContaining('password') } });
    await handle.executeUpdate('replaceDiskOptions', {
      args: [{ diskKey: 2001, sourceUri: 'nbd://127.0.0.1:1/other' }],
    });
    await handle.executeUpdate('retryNow');
    expect(((await handle.result()) as ReplicationResult).state).toBe('replicated');
    const copies = world.activities.calls.filter((call) => is(call, 'copyDisk', 2001));
    expect(copies.map((call) => call.input['sourceRevision'])).toEqual([undefined, undefined, 1]);
  });

  test('windows that differ are copied again', async () => {
    world.activities.script((call) =>
      is(call, 'verifyDisk', 2000) && call.nth === 1
        ? Promise.reject(
            applicationFailure('verify-mismatch', { diskKey: 2000, volumeId: 'v', windows: 1, offset: 0, vm: 'x' }),
          )
        : undefined,
    );
    const handle = await world.start({ disks: [2000] });
    expect(((await handle.result()) as ReplicationResult).state).toBe('replicated');
    expect(world.activities.count('copyDisk', 2000)).toBe(2);
  });

  test('a cancel closes, unmaps and detaches; what holds data is kept and named', async () => {
    world.activities.script((call) => {
      if (is(call, 'copyDisk', 2001)) return untilCancelled();
      if (is(call, 'deleteVolume')) {
        return Promise.resolve({
          undo: 'deleteVolume',
          outcome: 'kept',
          reason: `disk ${String(call.diskKey)} holds data`,
        });
      }
      return undefined;
    });
    const handle = await world.start();
    await world.until(handle, (state) => state.disks[1]?.step === 'copyDisk' && state.disks[0]?.step === 'replicated');
    await handle.executeUpdate('cancel');
    const result = (await handle.result()) as ReplicationResult;
    expect(result.state).toBe('cancelled');
    expect([...result.kept].sort()).toEqual(['disk 2000 holds data', 'disk 2001 holds data']);
    expect(world.activities.ofDisk(2000).slice(-4)).toEqual(BACK);
    expect(world.activities.ofDisk(2001).slice(-5)).toEqual(['closeExport', ...BACK]);
  });

  test("Temporal's own cancel keeps all volumes where they are and closes exports only", async () => {
    world.activities.script((call) => (is(call, 'copyDisk') ? untilCancelled() : undefined));
    const handle = await world.start();
    await world.until(handle, (state) => state.disks.every((disk) => disk.step === 'copyDisk'));
    await handle.cancel();
    const result = (await handle.result()) as ReplicationResult;
    expect(result.state).toBe('cancelled');
    expect(result.kept).toHaveLength(2);
    expect(world.activities.count('closeExport')).toBe(2);
    expect(world.activities.count('detachVolume')).toBe(0);
    expect(world.activities.count('unmapDevice')).toBe(0);
  });
});

describe('operators', () => {
  test('pause: copies stop, nothing begins; resume: they go on', async () => {
    world.activities.script((call) => (is(call, 'copyDisk') && call.nth === 1 ? untilCancelled() : undefined));
    const handle = await world.start();
    await world.until(handle, (state) => state.disks.every((disk) => disk.step === 'copyDisk'));
    await handle.executeUpdate('pause');
    await world.until(handle, (state) => state.phase === 'paused');
    const before = world.activities.count('copyDisk');
    await handle.executeUpdate('resume');
    expect(((await handle.result()) as ReplicationResult).state).toBe('replicated');
    expect(world.activities.count('copyDisk')).toBe(before + 2);
  });

  test('cancel during provisioning takes everything back and ends cancelled', async () => {
    world.activities.script((call) => (is(call, 'attachVolume', 2001) ? untilCancelled() : undefined));
    const handle = await world.start();
    await world.until(
      handle,
      (state) => state.disks[1]?.step === 'attachVolume' && state.disks[0]?.step === 'provisioned',
    );
    await handle.executeUpdate('cancel', { args: [{ keepVolumes: false }] });
    const result = (await handle.result()) as ReplicationResult;
    expect(result).toMatchObject({ state: 'cancelled', kept: [] });
    expect(world.activities.ofDisk(2000)).toEqual([...FORWARD, ...BACK]);
    expect(world.activities.count('deleteVolume', 2001)).toBe(1);
  });

  test('an undo that keeps failing needs attention with the leftovers named; retryNow mends it', async () => {
    let mended = false;
    world.activities.script((call) => {
      if (is(call, 'attachVolume', 2001)) return Promise.reject(attachFails(2001, 'no'));
      if (is(call, 'detachVolume', 2000) && !mended) return Promise.reject(detachFails(2000));
      return undefined;
    });
    const handle = await world.start({ budgets: { undoAttentionAfter: '1s' } });
    const stuck = await world.until(handle, (state) => state.phase === 'needs_attention');
    expect(stuck.leftovers.join()).toContain(`disk 2000: detachVolume of volume ${scriptedVolumeId(2000)} not proven`);
    await expect(handle.executeUpdate('pause')).rejects.toMatchObject({ cause: { type: 'update-refused' } });
    mended = true;
    await handle.executeUpdate('retryNow');
    expect((await closingRecord(handle.result())).code).toBe('rolled-back');
    expect((await world.state(handle)).leftovers).toEqual([]);
  });

  test('abandon ends a run whose undo cannot succeed, with the leftovers in its failure', async () => {
    world.activities.script((call) => {
      if (is(call, 'attachVolume', 2001)) return Promise.reject(attachFails(2001, 'no'));
      if (is(call, 'detachVolume', 2000)) return Promise.reject(detachFails(2000));
      return undefined;
    });
    const handle = await world.start({ budgets: { undoAttentionAfter: '500ms' } });
    await expect(handle.executeUpdate('abandonLeftovers')).rejects.toMatchObject({ cause: { type: 'update-refused' } });
    await world.until(handle, (state) => state.phase === 'needs_attention');
    await handle.executeUpdate('abandonLeftovers');
    const record = await closingRecord(handle.result());
    expect(record.code).toBe('abandoned');
    expect(record.message).toContain('disk 2000: detachVolume');
    expect(record.message).toContain('disk 2000: deleteVolume');
    expect(world.activities.count('endClaim')).toBe(1);
  });
});
