import type { Volume } from '../cloudstack/api';
import { isRefusal } from '../cloudstack/errors';
import type { Volumes } from '../database/volumes';
import { failure } from '../domain/failures';
import { sourceVmPath, volumeTagKeys } from '../domain/names';
import { type VolumeRef, beginCopyInputSchema } from '../domain/step-io';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import { ensureTags } from './ensure-tags';
import { fenceOf } from './fence-of';
import { describeJob } from './judge-job';
import { observeAttachment } from './observe-attachment';
import type { SiteActivities } from './queues';
import { waitForJob } from './settle-job';
import type { SiteFacts } from './site-facts';
import { tagOf } from '../site/volume-tags';
import type { VolumeWork } from './volume-work';

/** What beginCopy needs. */
export interface CopyMarking extends VolumeWork {
  readonly volumes: Volumes;
  readonly facts: SiteFacts;
}

/**
 * beginCopy: when it answers, nothing and nobody takes the volume for an empty one any more. The database says so first, then the
 * volume's own tag, which survives a database restored from a backup, and from CloudStack 4.20 on its delete protection.
 *
 * Why in this order: deleteVolume keeps a volume when either database or tag says so. Were the tag first, a crash between them
 * would leave a volume that only CloudStack knows to be used; so the weaker mark never stands alone before a byte is written.
 * The step also says that the volume is not verified any more: it is torn until this run ends. Not so for a volume that a revert
 * made from a verified state (`keepsVerified`): it gets its marks, and nothing writes it.
 *
 * Sources: design §4 "Value decides"; reference cloudstack-api §2.1 (updateVolume deleteprotection @4.20), §7; fixture
 * delete-protection.
 */
export function makeBeginCopy(work: CopyMarking): SiteActivities['beginCopy'] {
  return activity(
    'beginCopy',
    work.run,
    beginCopyInputSchema,
    (volume) => volume,
    async ({ keepsVerified = false, ...volume }, run) => {
      const { diskKey, volumeId } = volume;
      const listed = await look(work, run, volume);
      const record = await work.volumes.get(volumeId);
      const owner = tagOf(listed, volumeTagKeys.vm);
      if (record === undefined || (owner !== undefined && owner !== sourceVmPath(volume))) {
        const differences =
          record === undefined ? 'the database does not know it' : `its tag says it is of VM ${String(owner)}`;
        throw failure('volume-differs', { diskKey, volumeId, differences });
      }

      const unverifies = record.verifiedAt !== undefined && !keepsVerified;
      if (!record.copyBegun || unverifies) {
        await work.effect('beginCopy.record', () =>
          work.database.fenced(fenceOf(volume, run), async (tx) => {
            await work.volumes.beginCopy(tx, volumeId);
            if (unverifies) await work.volumes.setVerified(tx, volumeId, undefined);
          }),
        );
      }
      const wanted = { [volumeTagKeys.data]: 'begun' };
      const fail = (cause: string) => failure('mark-failed', { diskKey, volumeId, cause, vm: sourceVmPath(volume) });
      const problem =
        tagOf(listed, volumeTagKeys.data) === undefined
          ? await ensureTags(work, run, listed, volume, 'beginCopy.tag', wanted)
          : undefined;
      const protects = atLeast((await work.facts({ signal: run.signal })).cloudStackVersion, 4, 20);
      if (protects && listed.deleteprotection !== true) await protect(work, run, volume, fail);

      const after = await look(work, run, volume);
      if (tagOf(after, volumeTagKeys.data) === undefined)
        throw fail(problem ?? `tag ${volumeTagKeys.data} is not listed`);
      if (protects && after.deleteprotection !== true) throw fail('its delete protection is not listed');
    },
  );
}

async function look(work: CopyMarking, run: ActivityRun, volume: VolumeRef): Promise<Volume> {
  const seen = await observeAttachment(work, run, volume);
  if (seen.verdict !== 'gone') return seen.volume;
  throw failure('volume-gone', { diskKey: volume.diskKey, volumeId: volume.volumeId, vm: sourceVmPath(volume) });
}

async function protect(
  work: CopyMarking,
  run: ActivityRun,
  volume: VolumeRef,
  fail: (cause: string) => Error,
): Promise<void> {
  try {
    const { jobId } = await work.effect('beginCopy.protect', () =>
      work.api.updateVolume({ id: volume.volumeId, deleteProtection: true }, { signal: run.signal }),
    );
    const job = await waitForJob(work, run, volume, jobId);
    if (job?.jobstatus !== 1) throw fail(describeJob(job));
  } catch (error) {
    if (isRefusal(error)) throw fail(error.text);
    throw error;
  }
}

/** Whether a CloudStack version such as `4.22.1.0` is at least major.minor. */
export function atLeast(version: string, major: number, minor: number): boolean {
  const [itsMajor = 0, itsMinor = 0] = version.split('.').map(Number);
  return itsMajor > major || (itsMajor === major && itsMinor >= minor);
}
