import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { volumeTagKeys } from '../../domain/names';
import { type ActivityWorld, type Actor, startActivityWorld } from '../support/activity-world';
import { asServerRetries } from '../support/contract-engine';
import { failing } from '../support/failing';
import { leaveClean } from '../support/leave-clean';
import { lookAtReplicas, type Standing } from '../support/standing-replicas';
import { FailoverJourney } from '../support/failover-journey';
import { Journey } from '../support/journey';
import { until } from '../support/until';

let world: ActivityWorld;
let journey: FailoverJourney;
let actor: Actor;
let before: Standing;

beforeAll(async () => {
  world = await startActivityWorld();
});
afterAll(async () => {
  await world.close();
});
beforeEach(async () => {
  await begin('admin');
});
afterEach(async () => {
  await world.control.clearFaults();
  await world.control.modes({ snapshotsOfAttachedVolumes: true });
});

async function begin(account: 'admin' | 'repluser'): Promise<void> {
  journey = await FailoverJourney.begin(world, account);
  before = await lookAtReplicas(journey);
  actor = FailoverJourney.actor(world, journey, { account });
}

const commands = async () => (await world.control.changes()).map(({ command }) => command);
const snapshots = async () => (await world.control.world()).snapshots;
const points = () => world.database.repositories.points;
const snapshot = () => journey.run(actor, 'snapshotVolume');

const endsClean = () => leaveClean(before, actor);

async function failVerification(diskKey: number): Promise<void> {
  const volumeId = journey.replicas.find(({ volumeInput }) => volumeInput.diskKey === diskKey)?.volumeInput.volumeId;
  await world.database.query('UPDATE volumes SET verified_hash = NULL, verified_at = NULL WHERE volume_id = ?', [
    volumeId ?? '',
  ]);
}

describe('snapshotVolume', () => {
  test.each(['admin', 'repluser'] as const)('the answer is lost (%s): one snapshot, found again', async (account) => {
    await begin(account);
    await world.control.fault({ kind: 'drop-answer', command: 'createSnapshot' });
    expect((await failing(snapshot())).code).toBe('cloudstack-outcome-unknown');
    await snapshot();
    const taken = await snapshots();
    expect(taken.map(({ state }) => state)).toEqual(['BackedUp', 'BackedUp']);
    expect(taken[0]?.tags).toEqual({
      [volumeTagKeys.owner]: actor.run.workflowId,
      [volumeTagKeys.vm]: `test/vcenter/${journey.vm.sourceVmId}`,
      [volumeTagKeys.disk]: '2000',
      [volumeTagKeys.point]: journey.pointId,
    });
    await endsClean();
  });

  test('the request comes twice under one job id: the second snapshot that it leaves is removed', async () => {
    await world.control.fault({ kind: 'deliver-twice', command: 'createSnapshot' });
    await asServerRetries(snapshot);
    expect(await snapshots()).toHaveLength(2);
    await endsClean();
  });

  test('the second snapshot is still being made: waited for, and removed once it can be', async () => {
    const cut = FailoverJourney.actor(world, journey, {
      failpoint: (effect, side) =>
        effect === 'snapshotVolume.send' && side === 'after' ? Promise.reject(new Error('cut off')) : Promise.resolve(),
    });
    await failing(journey.run(cut, 'snapshotVolume'));
    const states = async () => (await snapshots()).map(({ state }) => state);
    await until(async () => (await states()).join() === 'BackedUp');
    const [first] = await snapshots();
    await world.control.fault({ kind: 'delay', command: 'createSnapshot', where: 'work', ms: 2_000 });
    await world.cloudStack.createSnapshot({ volumeId: first?.volumeId ?? '', name: first?.name ?? '' });
    await until(async () => (await states()).includes('Creating'));

    const waiting = await failing(snapshot());
    expect(waiting.code).toBe('job-pending');
    expect(waiting.message).toMatch(/snapshot \S+ in state (Creating|BackingUp|CreatedOnPrimary)/);
    await world.control.clearFaults();
    await until(async () => (await states()).every((state) => state === 'BackedUp'));
    await asServerRetries(snapshot);
    expect(await snapshots()).toHaveLength(2);
    await endsClean();
  });

  test('the job fails: snapshot-failed in its words; the next try removes what it left and takes another', async () => {
    await world.control.fault({ kind: 'fail-job', command: 'createSnapshot', text: 'No space left on device' });
    const failed = await failing(snapshot());
    expect(failed.code).toBe('snapshot-failed');
    expect(failed.message).toContain('No space left on device');
    expect((await snapshots()).map(({ state }) => state)).toEqual(['Error']);
    await snapshot();
    expect((await snapshots()).map(({ state }) => state)).toEqual(['BackedUp', 'BackedUp']);
    await endsClean();
  });

  test('one of two fails: the point is not complete, names the disk, and none is left', async () => {
    await world.control.fault({
      kind: 'fail-job',
      command: 'createSnapshot',
      skip: 1,
      text: 'No space left on device',
    });
    expect((await failing(snapshot())).message).toContain('Disk 2001');
    const failed = await failing(journey.run(actor, 'completePoint'));
    expect(failed.code).toBe('point-incomplete');
    expect(failed.message).toContain('disk 2001 has no snapshot');
    expect(failed.message).not.toContain('disk 2000');
    const pointId = journey.pointId ?? '';
    const outcomes = await journey.undo(actor, 'deleteSnapshot');
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['undone', 'undone']);
    expect(await snapshots()).toEqual([]);
    expect(await points().get(pointId)).toMatchObject({ state: 'gone' });
    expect((await failing(journey.run(actor, 'snapshotVolume'))).message).toContain('is being removed');
    await endsClean();
  });

  test('both disks at once: the one that comes second waits for the first', async () => {
    await world.control.timings({ snapshotMs: 150 });
    await journey.openPoint(actor);
    const taken = await Promise.all(journey.snapshotInputs.map((input) => actor.activities.snapshotVolume(input)));
    expect(new Set(taken.map(({ snapshotId }) => snapshotId)).size).toBe(2);
    await world.control.timings({ snapshotMs: 100 });
    await endsClean();
  });

  test('the management server restarts in the middle of the job: failed, and taken by the next try', async () => {
    await world.control.timings({ snapshotMs: 3_000 });
    const snapshotting = failing(snapshot());
    await until(async () => (await snapshots()).some(({ state }) => state === 'Creating'));
    await world.control.restart();
    await world.control.timings({ snapshotMs: 100 });
    expect((await snapshotting).code).toBe('snapshot-failed');
    await asServerRetries(snapshot);
    expect(await snapshots()).toHaveLength(2);
    await endsClean();
  });

  test.each(['admin', 'repluser'] as const)(
    'where volumes of a running VM are not snapshotted (%s): snapshot-needs-detach; off the appliance it goes',
    async (account) => {
      await begin(account);
      await world.control.modes({ snapshotsOfAttachedVolumes: false });
      const failed = await failing(snapshot());
      expect(failed.code).toBe('snapshot-needs-detach');
      expect(failed.message).toContain(journey.vm.applianceId);
      expect(await snapshots()).toEqual([]);
      for (const { volumeInput } of journey.replicas) {
        await actor.activities.unmapDevice({ ...volumeInput, mode: 'release' });
        await actor.activities.detachVolume({ ...volumeInput, mode: 'release' });
        await actor.activities.confirmDeviceGone({ ...volumeInput, mode: 'release' });
      }
      await snapshot();
      await journey.run(actor, 'completePoint');
      expect((await snapshots()).map(({ state }) => state)).toEqual(['BackedUp', 'BackedUp']);
      await endsClean();
    },
  );

  test('an internal error where the site does snapshot attached volumes is an ordinary failure', async () => {
    await begin('repluser');
    await world.control.fault({ kind: 'refuse', command: 'createSnapshot', code: 530, text: 'The storage is full' });
    expect((await failing(snapshot())).code).toBe('snapshot-failed');
    await endsClean();
  });

  test('a volume that was never attached has nothing to snapshot, and that is said', async () => {
    const fresh = await Journey.begin(world, journey.vm, { diskKey: 2001, boot: false });
    await fresh.run(actor, 'createVolume');
    await journey.openPoint(actor);
    const [, second] = journey.snapshotInputs;
    if (second === undefined) throw new Error('no second disk');
    const failed = await failing(actor.activities.snapshotVolume({ ...second, ...fresh.volumeInput }));
    expect(failed.code).toBe('snapshot-failed');
    expect(failed.message).toContain('never attached');
    expect(await commands()).not.toContain('createSnapshot');
  });
});

describe('deleteSnapshot', () => {
  test("the snapshots of a complete point are kept, with the reason, unless it is a test's", async () => {
    await journey.takePoint(actor, 'live', 1);
    const outcomes = await journey.undo(actor, 'deleteSnapshot');
    expect(outcomes).toMatchObject([{ outcome: 'kept' }, { outcome: 'kept' }]);
    expect(outcomes[0]?.reason).toContain(`recovery point ${journey.pointId ?? '?'} is complete`);
    expect(await commands()).not.toContain('deleteSnapshot');
    await endsClean();
  });

  test('the snapshot was deleted by somebody: gone is gone', async () => {
    await journey.runThrough(actor, 'completePoint');
    for (const { id } of await snapshots()) await world.cloudStack.deleteSnapshot({ id });
    await until(async () => (await snapshots()).length === 0);
    expect((await journey.undo(actor, 'deleteSnapshot')).map(({ outcome }) => outcome)).toEqual(['undone', 'undone']);
    await endsClean();
  });

  test('the storage refuses: snapshot-delete-failed, and the next try removes it', async () => {
    await journey.runThrough(actor, 'completePoint');
    await world.control.fault({
      kind: 'fail-job',
      command: 'deleteSnapshot',
      text: 'Secondary storage is full of sand',
    });
    const failed = await failing(journey.undo(actor, 'deleteSnapshot'));
    expect(failed.code).toBe('snapshot-delete-failed');
    expect(failed.message).toContain('full of sand');
    expect(await points().get(journey.pointId ?? '')).toMatchObject({ state: 'removing' });
    await endsClean();
  });

  test('both disks at once: the point is gone afterwards', async () => {
    await journey.runThrough(actor, 'completePoint');
    const outcomes = await Promise.all(journey.snapshotInputs.map((input) => actor.activities.deleteSnapshot(input)));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['undone', 'undone']);
    expect(await points().get(journey.pointId ?? '')).toMatchObject({ state: 'gone' });
    await endsClean();
  });
});

describe('completePoint', () => {
  test('a snapshot that went to Error or was deleted since makes it incomplete', async () => {
    await snapshot();
    const [first] = await snapshots();
    await world.cloudStack.deleteSnapshot({ id: first?.id ?? '' });
    await until(async () => (await snapshots()).length === 1);
    const failed = await failing(journey.run(actor, 'completePoint'));
    expect(failed.code).toBe('point-incomplete');
    expect(failed.message).toContain(`snapshot ${first?.id ?? '?'} of disk 2000 is`);
    await endsClean();
  });

  test('it answers what the snapshots hold', async () => {
    await journey.runThrough(actor, 'completePoint');
    const record = await world.database.repositories.volumes.get(journey.replicas[0]?.volumeInput.volumeId ?? '');
    expect(journey.point?.snapshots.map(({ diskKey, boot }) => ({ diskKey, boot }))).toEqual([
      { diskKey: 2000, boot: true },
      { diskKey: 2001, boot: false },
    ]);
    expect(journey.point?.snapshots[0]?.hash).toBe(record?.verifiedHash);
    await endsClean();
  });
});

describe('openPoint and prunePoints', () => {
  const cycle = async (settings = {}, attempt = 1) =>
    await FailoverJourney.actor(world, journey, { settings }).activities.openPoint({
      ...journey.openInput,
      purpose: 'cycle',
      attempt,
    });

  test('a cycle needs a point while all is verified, and says why it needs none', async () => {
    expect((await cycle({ recoveryPoints: 0 })).pointId).toBeUndefined();
    const earlier = await journey.takePoint(actor, 'cycle', 1);
    await failVerification(2001);
    const refused = await cycle({}, 2);
    expect(refused.pointId).toBeUndefined();
    expect(refused.because).toMatch(
      new RegExp(`^disk 2001 is not verified: the latest recovery point ${earlier} of .* stays$`),
    );
    await failVerification(2000);
    expect((await cycle({}, 2)).because).toContain('disks 2000, 2001 are not verified');
    await world.database.query('UPDATE volumes SET verified_hash = ?', ['sha256-1GiB:x']);
    await endsClean();
  });

  test('as many are kept as the site says; the oldest go', async () => {
    const [first, second, third] = [
      await journey.takePoint(actor, 'cycle', 1),
      await journey.takePoint(actor, 'live', 2),
      await journey.takePoint(actor, 'back', 3),
    ];
    const keepsTwo = FailoverJourney.actor(world, journey, { settings: { recoveryPoints: 2 } });
    expect(await keepsTwo.activities.prunePoints(journey.vm)).toEqual({ removed: [first], left: [] });
    expect((await points().ofVm(journey.vm)).map(({ id }) => id)).toEqual([third, second]);
    expect(await snapshots()).toHaveLength(4);
    await endsClean();
  });

  test('while the VM is not verified its newest point stays, whatever the site keeps', async () => {
    await journey.takePoint(actor, 'cycle', 1);
    const newest = await journey.takePoint(actor, 'cycle', 2);
    await failVerification(2000);
    await journey.prunePoints();
    expect((await points().ofVm(journey.vm)).map(({ id }) => id)).toEqual([newest]);
    await world.database.query('UPDATE volumes SET verified_hash = ?', ['sha256-1GiB:x']);
    await endsClean();
  });

  test('a snapshot that is not deleted fails nothing: it is named, and the next run removes it', async () => {
    const first = await journey.takePoint(actor, 'cycle', 1);
    await journey.takePoint(actor, 'cycle', 2);
    await world.control.fault({
      kind: 'fail-job',
      command: 'deleteSnapshot',
      text: 'Secondary storage is full of sand',
    });
    const { removed, left } = await actor.activities.prunePoints(journey.vm);
    expect(removed).toEqual([]);
    expect(left).toHaveLength(1);
    expect(left[0]).toContain('full of sand');
    expect(await points().get(first)).toMatchObject({ state: 'removing' });
    expect(await actor.activities.prunePoints(journey.vm)).toEqual({ removed: [first], left: [] });
    await endsClean();
  });

  test('what was left is removed alone where only that is asked for: a point that counts stays', async () => {
    const first = await journey.takePoint(actor, 'cycle', 1);
    const second = await journey.takePoint(actor, 'cycle', 2);
    await world.database.query("UPDATE recovery_points SET state = 'removing' WHERE id = ?", [first]);
    const keepsNone = FailoverJourney.actor(world, journey, { settings: { recoveryPoints: 0 } });
    const answer = await keepsNone.activities.prunePoints({ ...journey.vm, which: 'left' });
    expect(answer).toEqual({ removed: [first], left: [] });
    expect((await points().ofVm(journey.vm)).map(({ id }) => id)).toEqual([second]);
    await endsClean();
  });

  test('all are removed when that is asked for, but for those of a test, and only of a VM that has no volume', async () => {
    const cycle = await journey.takePoint(actor, 'cycle', 1);
    const ofTest = await journey.takePoint(actor, 'test', 2);
    const all = { ...journey.vm, which: 'all' } as const;
    const refused = await actor.activities.prunePoints(all);
    expect(refused.removed).toEqual([]);
    expect(refused.left[0]).toContain(journey.replicas[0]?.volumeInput.volumeId);
    expect(await snapshots()).toHaveLength(4);

    const { sourceVmId } = journey.vm;
    await world.database.query('UPDATE volumes SET gone_at = NOW(3) WHERE source_vm_id = ?', [sourceVmId]);
    expect(await actor.activities.prunePoints(all)).toEqual({ removed: [cycle], left: [] });
    expect((await points().ofVm(journey.vm)).map(({ id }) => id)).toEqual([ofTest]);
    expect(await snapshots()).toHaveLength(2);
    await world.database.query('UPDATE volumes SET gone_at = NULL WHERE source_vm_id = ?', [sourceVmId]);
    await endsClean();
  });

  test('what an earlier run left half taken counts no more, and goes with the next pruning', async () => {
    await journey.openPoint(actor);
    const [first] = journey.snapshotInputs;
    if (first === undefined) throw new Error('no disk');
    await actor.activities.snapshotVolume(first);
    const left = journey.pointId ?? '';
    await journey.asLaterRun(async (next, later) => {
      const { pointId } = await next.activities.openPoint({ ...journey.openInput, ...later });
      expect(pointId).not.toBe(left);
      expect(await points().get(left)).toMatchObject({ state: 'removing' });
      expect(await next.activities.prunePoints(later)).toEqual({ removed: [left], left: [] });
      expect(await snapshots()).toEqual([]);
    });
  });
});
