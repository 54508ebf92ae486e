import type { ReplicationState } from '../../domain/replication-state';
import { expectContents, readContents } from './contents';
import { followRun } from './follow-run';
import type { Player } from './player';
import type { Scene } from './scene';
import type { Stage } from './stage';

/** By disk key: the volume that stands for it. */
export type Volumes = ReadonlyMap<number, string>;

/** A replication to its end: every disk verified by Diskferry, and compared once more by the simulator. */
export async function replicate(scene: Scene, stage: Stage, player: Player, overwrite: boolean): Promise<Volumes> {
  const { replications, expectations } = scene;
  const started = await replications.start(player.replication({ overwrite }));
  const end = replications.result(player.key, started.runId);
  await followRun(scene, player, {
    ask: () => replications.state(player.key),
    end,
    also: (state) => copied(scene, state, started.runId),
  });
  const result = await end;
  const verified = result.disks.filter(
    ({ sourceHash, targetHash }) => sourceHash !== undefined && sourceHash === targetHash,
  );
  expectations.hold(
    `${player.name}: is replicated, source and volume agree on every disk`,
    result.state === 'replicated' && verified.length === player.disks.length,
    `${result.state}, ${String(verified.length)} of ${String(player.disks.length)} disks verified`,
  );
  const volumes = new Map(result.disks.map(({ key, volumeId }) => [key, volumeId ?? 'none']));
  const [found, wanted] = await Promise.all([readContents(scene, volumes), player.contents()]);
  stage.hashes(expectContents(scene, player, found, wanted, 'the bytes of the source'));
  return volumes;
}

/** How far the copies of a VM are, in quarters: what is said at each change is not said too often. */
async function copied(
  scene: Scene,
  { phase, disks }: Pick<ReplicationState, 'phase' | 'disks'>,
  runId: string,
): Promise<string | undefined> {
  if (phase !== 'copying') return undefined;
  const done = await Promise.all(disks.map(({ volumeId }) => copiedBytes(scene, volumeId, runId)));
  const total = disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return `${String(25 * Math.floor((4 * done.reduce((sum, bytes) => sum + bytes, 0)) / total))}%`;
}

/** Bytes of a volume that this run has copied; what an earlier run did stands there until its copy begins. */
export async function copiedBytes({ records }: Scene, volumeId: string | undefined, runId: string): Promise<number> {
  const row = volumeId === undefined ? undefined : await records.progress.get(volumeId);
  return row?.firstRunId === runId ? row.watermark : 0;
}
