import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { volumeTagKeys } from '../../domain/names';
import { type ActivityWorld, type Actor, startActivityWorld } from '../support/activity-world';
import { asServerRetries } from '../support/contract-engine';
import { failing } from '../support/failing';
import { leaveClean } from '../support/leave-clean';
import { lookAtReplicas, type Standing } from '../support/standing-replicas';
import { FailoverJourney } from '../support/failover-journey';
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

async function begin(account: 'admin' | 'repluser'): Promise<void> {
  journey = await FailoverJourney.begin(world, account);
  before = await lookAtReplicas(journey);
  actor = FailoverJourney.actor(world, journey, { account });
  await journey.runThrough(actor, 'completePoint');
}

const restore = () => journey.run(actor, 'restoreVolume');
const repositories = () => world.database.repositories;
const restoredIds = () => [...journey.restored.values()];

async function contentOf(volumeId: string): Promise<string> {
  const file = path.join(world.simulator.stateDirectory, 'volumes', `${volumeId}.raw`);
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

const endsClean = () => leaveClean(before, actor);

test('a test: volumes that read as the replicas, tagged, among the test volumes only', async () => {
  await restore();
  for (const { volumeInput } of journey.replicas) {
    const restored = journey.restored.get(volumeInput.diskKey) ?? '';
    expect(await contentOf(restored)).toBe(await contentOf(volumeInput.volumeId));
    expect(await repositories().testVolumes.get(restored)).toMatchObject({ pointId: journey.pointId });
    expect(await repositories().volumes.get(restored)).toBeUndefined();
    const listed = (await world.control.world()).volumes.find(({ id }) => id === restored);
    expect(listed?.tags).toMatchObject({ [volumeTagKeys.point]: journey.pointId });
  }
  await endsClean();
});

test.each(['admin', 'repluser'] as const)('the answer is lost (%s): one volume for each disk', async (account) => {
  await begin(account);
  await world.control.fault({ kind: 'drop-answer', command: 'createVolume' });
  expect((await failing(restore())).code).toBe('cloudstack-outcome-unknown');
  await asServerRetries(restore);
  expect((await world.control.world()).volumes.filter(({ type }) => type === 'DATADISK')).toHaveLength(4);
  await endsClean();
});

test('the job fails: restore-failed in its words; the next try removes what it left', async () => {
  await world.control.fault({ kind: 'fail-job', command: 'createVolume', text: 'Primary storage is full of sand' });
  const failed = await failing(restore());
  expect(failed.code).toBe('restore-failed');
  expect(failed.message).toContain('full of sand');
  await restore();
  expect((await world.control.world()).volumes.filter(({ type }) => type === 'DATADISK')).toHaveLength(4);
  await endsClean();
});

test('the snapshot is gone: snapshot-gone, nothing sent; a step that is done needs it no more', async () => {
  const [first, second] = journey.restoreInputs;
  if (first === undefined || second === undefined) throw new Error('two disks are needed');
  const made = await actor.activities.restoreVolume(first);
  await journey.undo(actor, 'deleteSnapshot');
  expect(await actor.activities.restoreVolume(first)).toEqual(made);
  await world.control.forgetRequests();
  const failed = await failing(actor.activities.restoreVolume(second));
  expect(failed.code).toBe('snapshot-gone');
  expect(await world.control.changes()).toEqual([]);
  await endsClean();
});

test('attached to a VM: delete-failed names it, and nothing is deleted', async () => {
  await restore();
  const [first] = restoredIds();
  await world.cloudStack.attachVolume({ id: first ?? '', virtualMachineId: journey.vm.applianceId });
  await until(async () => {
    const { volumes } = await world.control.world();
    return volumes.some(
      ({ id, virtualMachineId, pendingJob }) => id === first && virtualMachineId !== null && pendingJob === null,
    );
  });
  const failed = await failing(journey.undo(actor, 'deleteRestoredVolume'));
  expect(failed.code).toBe('delete-failed');
  expect(failed.message).toContain(journey.vm.applianceId);
});

test("a revert's volume stands among the volumes, and is kept once it is a replica", async () => {
  journey.restorePurpose = 'revert';
  await restore();
  const [first = '', second = ''] = restoredIds();
  expect(await repositories().volumes.get(first)).toMatchObject({ copyBegun: false });
  expect((await repositories().disks.ofVm(journey.vm)).map(({ volumeId }) => volumeId)).not.toContain(first);
  await repositories().database.transaction((tx) => repositories().volumes.beginCopy(tx, first));
  const outcomes = await journey.undo(actor, 'deleteRestoredVolume');
  expect(outcomes).toMatchObject([{ outcome: 'kept' }, { outcome: 'undone' }]);
  expect(outcomes[0]?.reason).toContain(first);
  expect(await repositories().volumes.get(second)).toHaveProperty('goneAt');
});
