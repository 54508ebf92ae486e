import { failoverStepContract, failoverUndoContract } from '../support/failover-contract';
import type { ActivityWorld } from '../support/activity-world';
import { until } from '../support/until';

/** What a createSnapshot that was sent twice under one job id leaves: a second snapshot of the exact name, whose job never was. */
async function double(world: ActivityWorld): Promise<void> {
  const snapshots = async () => (await world.control.world()).snapshots;
  if ((await snapshots()).length !== 1) return;
  const backedUp = async (count: number) =>
    (await snapshots()).filter(({ state }) => state === 'BackedUp').length === count;
  await until(() => backedUp(1));
  const [first] = await snapshots();
  if (first === undefined) throw new Error('the snapshot is gone');
  await world.cloudStack.createSnapshot({ volumeId: first.volumeId, name: first.name });
  await until(() => backedUp(2));
}

failoverStepContract('snapshotVolume', { afterEffect: { 'snapshotVolume.send': double } });
failoverUndoContract('deleteSnapshot', 'completePoint');
