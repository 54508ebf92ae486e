import { randomUUID } from 'node:crypto';
import type { Volume } from '../cloudstack/api';
import type { Tx } from '../database/database';
import type { VolumeOperation } from '../database/volume-operations';
import { type DiskferryFailure, failure } from '../domain/failures';
import { sourceVmPath, volumeName } from '../domain/names';
import type { DiskRef } from '../domain/step-io';
import type { Facts } from '../site/judge-site';
import type { ActivityRun } from './activity-run';
import { currentOperation } from './current-operation';
import { ensureTags } from './ensure-tags';
import { fenceOf } from './fence-of';
import { type Created, findCreated, listCreated } from './find-created';
import { finishOperation } from './finish-operation';
import { isPassing } from '../site/judge-attachment';
import { describeJob } from './judge-job';
import { judgeVolume, type WantedVolume } from './judge-volume';
import { removeDoubles } from './remove-doubles';
import { sendChange } from './send-change';
import { jobIdIsStale, settleJob, waitForJob } from './settle-job';
import type { VolumeMaking } from './volume-making';
import { compareTags } from '../site/volume-tags';

/** In what making an empty volume and making one from a snapshot differ. */
export interface VolumeRecipe {
  readonly step: 'createVolume' | 'restoreVolume';
  readonly kind: 'create' | 'restore';
  readonly disk: DiskRef;
  /** what else the operation's row says */
  readonly found?: NonNullable<VolumeOperation['found']>;
  readonly wanted: WantedVolume;
  /** states that the volume may have when its job is over */
  readonly madeStates: readonly string[];
  /** states of a second volume of the same name in which nobody can miss it */
  readonly removableStates: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  /** why nothing can be made at all, asked before anything is sent */
  obstacle(): Promise<DiskferryFailure | undefined>;
  call(name: string, chosen: { customId?: string; customJobId?: string }): Promise<{ id: string }>;
  /** whether the database says that a volume which was made is gone since */
  isGone(volumeId: string): Promise<boolean>;
  failed(name: string, cause: string): DiskferryFailure;
  /** the failure for a refusal, which may be one that repeating cannot change */
  refused(name: string, cause: string): DiskferryFailure;
  /** what is true from the moment at which the operation is done */
  record(tx: Tx, volume: Volume, name: string): Promise<void>;
}

/**
 * Makes one volume: when it answers, it is listed as it must be under its name, alone, with its tags, and the database knows it.
 * The way is the same for an empty one and one from a snapshot; see createVolume for why it is hard.
 */
export async function makeVolume(
  work: VolumeMaking,
  run: ActivityRun,
  recipe: VolumeRecipe,
  facts: Facts,
): Promise<Volume> {
  const { operation, fresh } = await currentMaking(work, run, recipe, facts);
  let created = fresh ? undefined : await lookFor(work, run, recipe, operation);
  if (created?.volume === undefined) created = await send(work, run, recipe, operation);
  const tagProblem =
    created.volume === undefined
      ? undefined
      : await ensureTags(work, run, created.volume, recipe.disk, `${recipe.step}.tag`, recipe.tags);
  if (operation.state === 'recorded' && operation.jobId !== undefined) {
    await waitForJob(work, run, operation, operation.jobId);
  }
  return await prove(work, run, recipe, operation, created, tagProblem);
}

/** The operation of this attempt: unfinished, or done and its volume not deleted by us since; else a new row. */
async function currentMaking(work: VolumeMaking, run: ActivityRun, recipe: VolumeRecipe, facts: Facts) {
  const { disk, kind, step } = recipe;
  const { firstRunId, attempt, diskKey, vmName } = disk;
  const choseVolumeId = facts.mayChooseVolumeIds;
  return await currentOperation(work, run, disk, {
    kind,
    effect: `${step}.record`,
    seed: [kind, sourceVmPath(disk), firstRunId, attempt, diskKey],
    rows: await work.operations.ofDisk(disk, diskKey, { kind, firstRunId, attempt }),
    stands: async ({ volumeId }) => volumeId === undefined || !(await recipe.isGone(volumeId)),
    row: (id) => ({
      volumeName: volumeName(vmName, diskKey, id),
      ...(choseVolumeId ? { volumeId: randomUUID() } : {}),
      choseVolumeId,
      ...(recipe.found === undefined ? {} : { found: recipe.found }),
    }),
  });
}

/** What an unfinished operation has made so far. A chosen volume id needs no patience: a second send of it is refused. */
async function lookFor(
  work: VolumeMaking,
  run: ActivityRun,
  { disk }: VolumeRecipe,
  operation: VolumeOperation,
): Promise<Created> {
  if (operation.volumeId !== undefined) return await listCreated(work, run, operation, operation.volumeId, disk);
  return await findCreated(work, run, operation, disk);
}

/** Sends the create; the volume's row exists in CloudStack when that answers. */
async function send(
  work: VolumeMaking,
  run: ActivityRun,
  recipe: VolumeRecipe,
  operation: VolumeOperation,
): Promise<Created> {
  const { disk, step } = recipe;
  const { diskKey } = disk;
  const name = operation.volumeName ?? '?';
  if (operation.state === 'done') {
    throw failure('volume-gone', { diskKey, volumeId: operation.volumeId ?? name, vm: sourceVmPath(disk) });
  }
  const giveUp = async (cause: DiskferryFailure, words: string): Promise<never> => {
    await finishOperation(work, fenceOf(disk, run), `${step}.finish`, operation, { state: 'failed', failure: words });
    throw cause;
  };
  const obstacle = await recipe.obstacle();
  if (obstacle !== undefined) return await giveUp(obstacle, obstacle.message);
  if (jobIdIsStale(work, operation)) {
    const words = 'its job id is too old to be sent again';
    return await giveUp(recipe.failed(name, words), words);
  }

  const sent = await sendChange(work, fenceOf(disk, run), operation, `${step}.send`, () =>
    recipe.call(name, {
      ...(operation.choseVolumeId && operation.volumeId !== undefined ? { customId: operation.volumeId } : {}),
      ...(operation.jobId === undefined ? {} : { customJobId: operation.jobId }),
    }),
  );
  if (sent.outcome === 'refused') return await giveUp(recipe.refused(name, sent.error.text), sent.error.text);
  if (sent.outcome === 'sent' && sent.answer !== undefined) {
    // What is known of it before any listing: it is new, so it has no tags.
    const volume = { id: sent.answer.id, name, size: recipe.wanted.bytes, state: 'Allocated', tags: [] };
    return { volume, doubles: [] };
  }
  return await findCreated(work, run, operation, disk);
}

/** Looks, removes doubles, and closes the row once everything is as it must be. */
async function prove(
  work: VolumeMaking,
  run: ActivityRun,
  recipe: VolumeRecipe,
  operation: VolumeOperation,
  created: Created,
  tagProblem: string | undefined,
): Promise<Volume> {
  const { disk, step } = recipe;
  const { diskKey } = disk;
  const fence = fenceOf(disk, run);
  const name = operation.volumeName ?? '?';
  const seen = await listCreated(work, run, operation, operation.volumeId ?? created.volume?.id, disk);
  const { volume } = seen;
  if (volume !== undefined && isPassing(volume.state)) {
    throw failure('job-pending', { diskKey, volumeId: volume.id, jobId: volume.jobid ?? `state ${volume.state}` });
  }
  if (volume === undefined || (volume.state === 'Allocated' && !recipe.madeStates.includes(volume.state))) {
    const end = await settleJob(work, run, operation);
    const cause = end.arrived ? describeJob(end.job) : 'the volume is not listed';
    await finishOperation(work, fence, `${step}.finish`, operation, { state: 'failed', failure: cause });
    throw recipe.failed(name, cause);
  }
  await removeDoubles(work, run, recipe, name, volume, seen.doubles);

  const tags = compareTags(volume, recipe.tags);
  const differences = [...judgeVolume(volume, recipe.wanted), ...tags.different];
  if (differences.length > 0) {
    throw failure('volume-differs', { diskKey, volumeId: volume.id, differences: differences.join('; ') });
  }
  if (Object.keys(tags.missing).length > 0) {
    throw recipe.failed(name, `its tags were not set: ${tagProblem ?? Object.keys(tags.missing).join(', ')}`);
  }
  if (operation.state === 'recorded') {
    const end = { state: 'done' as const, volumeId: volume.id };
    await finishOperation(work, fence, `${step}.finish`, operation, end, (tx) => recipe.record(tx, volume, name));
  }
  return volume;
}
