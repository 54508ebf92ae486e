import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { FailoverResult } from '../../domain/failover-state';
import { failureRecord } from '../../domain/failures';
import type { FailoverPlan } from '../../workflows/plan-fail-over';
import { applicationFailure, untilCancelled } from '../support/scripted-activities';
import { POINT, replicaId, restoredId } from '../support/scripted-failover';
import { COMMON, REQUEST_ID, closingRecords, failoverInput, story, untilFailover } from '../support/failover-runs';
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

const REVERT = { ...COMMON, to: 'latest-point' };
const start = () =>
  world.startWorkflow('revertVm', {
    request: { ...REVERT, requestId: REQUEST_ID },
    requestDigest: 'd',
    searchAttributes: true,
  });
const told = () => story(world.activities.calls);
const vm = 'qc/vcenter-qc/x';
const LEAVE = ['closeExport', 'unmapDevice', 'detachVolume', 'confirmDeviceGone'];
const HOME = ['attachVolume', 'resolveDevice', 'mapDevice'];
const ofVolume = (volumeId: string): string[] =>
  world.activities.calls.filter((call) => call.input['volumeId'] === volumeId).map((call) => call.name);

describe('a revert', () => {
  test('gives volumes of the point the places of the torn ones, which are kept', async () => {
    const handle = await start();
    const result = (await handle.result()) as FailoverResult;
    expect(result).toMatchObject({ state: 'reverted', kind: 'revert', pointId: POINT });
    expect(result.disks.map((disk) => [disk.volumeId, disk.devicePath])).toEqual(
      [2000, 2001].map((key) => [restoredId(key), `remote-vm-${APPLIANCE}-${restoredId(key)}`]),
    );
    for (const key of [2000, 2001]) {
      expect(world.activities.ofDisk(key)).toEqual(['restoreVolume', ...LEAVE, ...HOME, 'beginCopy']);
      expect(ofVolume(replicaId(key))).toEqual(LEAVE);
      expect(ofVolume(restoredId(key))).toEqual([...HOME, 'beginCopy']);
    }
    const commit = world.activities.calls.find((call) => call.name === 'commitRevert');
    expect(commit?.input['disks']).toEqual(
      [2000, 2001].map((diskKey, index) => ({
        diskKey,
        boot: index === 0,
        oldVolumeId: replicaId(diskKey),
        newVolumeId: restoredId(diskKey),
        hash: `sha256-1GiB:${String(diskKey)}`,
      })),
    );
    const made = told();
    expect(made.indexOf('detachVolume')).toBeGreaterThan(made.lastIndexOf('restoreVolume'));
    expect(made.indexOf('commitRevert')).toBeGreaterThan(made.lastIndexOf('mapDevice'));
    expect(made.indexOf('beginCopy')).toBeGreaterThan(made.indexOf('commitRevert'));
    const marked = world.activities.calls.find((call) => call.name === 'beginCopy');
    expect(marked?.input['keepsVerified']).toBe(true);
    expect(made).not.toContain('deleteRestoredVolume');
  });

  test('that is refused before it begins says the refusal itself, and nothing else', async () => {
    const refusal = { vm, point: 'latest-point', points: 'none' };
    world.activities.script((call) =>
      call.name === 'planFailover' ? Promise.reject(applicationFailure('point-unknown', refusal)) : undefined,
    );
    const handle = await start();
    const records = await closingRecords(handle.result());
    expect(records).toEqual([failureRecord('point-unknown', refusal)]);
    expect((await untilFailover(handle, () => true)).phase).toBe('refused');
    expect(told()).toEqual(['claimFailover', 'planFailover', 'endClaim']);
  });

  test('that fails before it commits puts the former volumes back and deletes those it made', async () => {
    world.activities.script((call) =>
      call.name === 'attachVolume' && call.input['volumeId'] === restoredId(2001)
        ? Promise.reject(
            applicationFailure('attach-failed', {
              diskKey: 2001,
              volumeId: restoredId(2001),
              applianceId: APPLIANCE,
              cause: 'no slot',
              vm,
            }),
          )
        : undefined,
    );
    const [record, cause] = await closingRecords((await start()).result());
    expect(record?.code).toBe('failover-rolled-back');
    expect(record?.message).toContain('revert');
    expect(cause?.code).toBe('attach-failed');
    expect(ofVolume(restoredId(2000)).slice(HOME.length)).toEqual(['unmapDevice', 'detachVolume', 'confirmDeviceGone']);
    for (const key of [2000, 2001]) expect(ofVolume(replicaId(key))).toEqual([...LEAVE, ...HOME]);
    expect(told().slice(-2)).toEqual(['deleteRestoredVolume', 'endClaim']);
    const names = world.activities.calls.map((call) => [call.name, call.input['volumeId']].join(' '));
    expect(names.lastIndexOf(`confirmDeviceGone ${restoredId(2000)}`)).toBeLessThan(
      names.indexOf(`attachVolume ${replicaId(2000)}`),
    );
  });

  test.each(['restoreVolume', 'detachVolume', 'attachVolume'] as const)(
    'that is cancelled in %s is as if it had never been',
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
      expect(told().slice(-2)).toEqual(['deleteRestoredVolume', 'endClaim']);
      if (name === 'restoreVolume') return;
      for (const key of [2000, 2001]) expect(ofVolume(replicaId(key)).slice(-3)).toEqual(HOME);
    },
  );

  test('that cannot mark a volume after it committed is held, and goes on when told', async () => {
    let refuses = true;
    world.activities.script((call) =>
      call.name === 'beginCopy' && refuses
        ? Promise.reject(
            applicationFailure('mark-failed', {
              diskKey: 2000,
              volumeId: restoredId(2000),
              cause: 'busy',
              vm,
            }),
          )
        : undefined,
    );
    const handle = await start();
    await untilFailover(handle, (state) => state.phase === 'held');
    await expect(handle.executeUpdate('cancel')).rejects.toMatchObject({ cause: { type: 'update-refused' } });
    refuses = false;
    await handle.executeUpdate('retryNow');
    expect(((await handle.result()) as FailoverResult).state).toBe('reverted');
  });
});

describe('a plan (--dry-run)', () => {
  const plan = async (request: unknown): Promise<FailoverPlan> =>
    (await (await world.startWorkflow('planFailOver', { request })).result()) as FailoverPlan;

  test('looks only, and says which disk goes where', async () => {
    const { requestId: _id, ...test } = failoverInput('test', { from: 'latest-point' }).request;
    const answer = await plan(test);
    expect(answer.kind).toBe('test');
    expect(answer.deviceIds).toEqual([
      { diskKey: 2000, deviceId: 0 },
      { diskKey: 2001, deviceId: 1 },
    ]);
    expect(told()).toEqual(['planFailover', 'preflightFailover']);
    const asked = world.activities.calls.find((call) => call.name === 'preflightFailover');
    expect(asked?.input).toMatchObject({ kind: 'test', newVolumes: 2, newSnapshots: 0 });
  });

  test('knows a failback and a revert by their requests, and that a final sync will verify', async () => {
    expect((await plan({ ...COMMON, discardWrites: true })).kind).toBe('back');
    expect((await plan(REVERT)).kind).toBe('revert');
    const { requestId: _id, ...finalSync } = replicateInput().request;
    const { requestId: _other, ...live } = failoverInput('live', { finalSync }).request;
    await plan(live);
    const asked = world.activities.calls.filter((call) => call.name === 'planFailover').at(-1);
    expect(asked?.input).toMatchObject({ kind: 'live', allowUnverified: 'the final sync comes first' });
  });

  test('fails with what the preflight refuses', async () => {
    world.activities.script((call) =>
      call.name === 'preflightFailover'
        ? Promise.reject(applicationFailure('service-offering-unknown', { site: 'qc', offering: 'small' }))
        : undefined,
    );
    const { requestId: _id, ...live } = failoverInput('live').request;
    const [record] = await closingRecords((await world.startWorkflow('planFailOver', { request: live })).result());
    expect(record?.code).toBe('service-offering-unknown');
  });
});
