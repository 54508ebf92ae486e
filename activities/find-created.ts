import type { Volume } from '../cloudstack/api';
import type { VolumeOperation } from '../database/volume-operations';
import type { VmRef } from '../domain/step-io';
import type { ActivityRun } from './activity-run';
import { listScope } from './list-scope';
import { type JobEnd, settleJob } from './settle-job';
import { tagOf } from '../site/volume-tags';
import { volumeTagKeys } from '../domain/names';
import type { VolumeWork } from './volume-work';

/** What CloudStack has under the name of one create operation. The name holds 8 digits of the operation's id: nobody else's. */
export interface Created {
  /** the volume of the operation */
  readonly volume: Volume | undefined;
  /** what a create that was sent twice under one job id leaves beside it (fixture custom-job-id) */
  readonly doubles: readonly Volume[];
}

/** Lists what a create operation has made. */
export async function listCreated(
  work: VolumeWork,
  run: ActivityRun,
  operation: VolumeOperation,
  knownId: string | undefined,
  vm: Pick<VmRef, 'projectId'>,
): Promise<Created> {
  const { volumeName } = operation;
  if (volumeName === undefined) throw new Error(`create operation ${operation.id} has no volume name`);
  const listing = await work.api.listVolumes(
    { name: volumeName, listAll: true, ...listScope(vm) },
    { signal: run.signal },
  );
  const alive = listing.filter((volume) => volume.state !== 'Expunged');
  const volume = pickVolume(alive, knownId);
  return { volume, doubles: alive.filter((candidate) => candidate !== volume) };
}

/**
 * Finds what a create operation has made that was cut off, however far it came. Where nothing is found, its request may still be on
 * the way: it was looked for three times.
 */
export async function findCreated(
  work: VolumeWork,
  run: ActivityRun,
  operation: VolumeOperation,
  vm: Pick<VmRef, 'projectId'>,
): Promise<Created & { readonly end: JobEnd }> {
  const end = await settleJob(work, run, operation);
  const knownId = operation.volumeId ?? (end.arrived ? end.job?.jobinstanceid : undefined);
  return { ...(await listCreated(work, run, operation, knownId, vm)), end };
}

/**
 * The volume with the known id. Where no id is known (the job was forgotten), the one that was worked with: attached, then tagged,
 * then the oldest. A known id that is not listed has no stand-in.
 */
export function pickVolume(listing: readonly Volume[], knownId: string | undefined): Volume | undefined {
  if (knownId !== undefined) return listing.find((volume) => volume.id === knownId);
  const rank = (volume: Volume): number =>
    volume.virtualmachineid !== undefined ? 0 : tagOf(volume, volumeTagKeys.owner) !== undefined ? 1 : 2;
  return [...listing].sort(
    (a, b) => rank(a) - rank(b) || (a.created ?? '').localeCompare(b.created ?? '') || a.id.localeCompare(b.id),
  )[0];
}
