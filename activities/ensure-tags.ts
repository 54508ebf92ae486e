import type { Volume } from '../cloudstack/api';
import { isRefusal } from '../cloudstack/errors';
import type { ActivityRun } from './activity-run';
import { describeJob } from './judge-job';
import { waitForJob } from './settle-job';
import { compareTags } from './volume-tags';
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
  const { missing } = compareTags(volume, wanted);
  if (Object.keys(missing).length === 0) return undefined;
  try {
    const { jobId } = await work.effect(effect, () =>
      work.api.createTags({ resourceType: 'Volume', resourceIds: [volume.id], tags: missing }, { signal: run.signal }),
    );
    const job = await waitForJob(work, run, { diskKey: disk.diskKey, volumeId: volume.id }, jobId);
    return job?.jobstatus === 1 ? undefined : describeJob(job);
  } catch (error) {
    if (isRefusal(error)) return error.text;
    throw error;
  }
}
