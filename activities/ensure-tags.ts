import type { Volume } from '../cloudstack/api';
import type { TagsParameters } from '../cloudstack/api-parameters';
import { isRefusal } from '../cloudstack/errors';
import { failure } from '../domain/failures';
import type { ActivityRun } from './activity-run';
import { describeJob } from './judge-job';
import { type Pending, waitForJobById } from './settle-job';
import { compareTags } from '../site/volume-tags';
import type { VolumeWork } from './volume-work';

/**
 * Sets the tags that a volume has not, in one call, and waits for its job. CloudStack refuses a key that is there, so only missing
 * ones are sent; whether they are there afterwards is for the caller's next look.
 *
 * @returns why it may not have worked, in CloudStack's words; undefined when the job says that it did or nothing was missing
 */
export async function ensureTags(
  work: VolumeWork,
  run: ActivityRun,
  volume: Pick<Volume, 'id' | 'tags'>,
  disk: { readonly diskKey: number },
  effect: string,
  wanted: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const pending: Pending = (jobId) => failure('job-pending', { diskKey: disk.diskKey, volumeId: volume.id, jobId });
  return await ensureTagsOn(work, run, { ...volume, resourceType: 'Volume' }, pending, effect, wanted);
}

/** As {@link ensureTags}, on anything that may be tagged. */
export async function ensureTagsOn(
  work: Pick<VolumeWork, 'api' | 'clock' | 'polling' | 'effect'>,
  run: ActivityRun,
  resource: Pick<Volume, 'id' | 'tags'> & Pick<TagsParameters, 'resourceType'>,
  pending: Pending,
  effect: string,
  wanted: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const { id, resourceType } = resource;
  const { missing } = compareTags(resource, wanted);
  if (Object.keys(missing).length === 0) return undefined;
  try {
    const { jobId } = await work.effect(effect, () =>
      work.api.createTags({ resourceType, resourceIds: [id], tags: missing }, { signal: run.signal }),
    );
    const job = await waitForJobById(work, run, jobId, pending);
    return job?.jobstatus === 1 ? undefined : describeJob(job);
  } catch (error) {
    if (isRefusal(error)) return error.text;
    throw error;
  }
}
