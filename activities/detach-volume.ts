import { sourceVmPath } from '../domain/names';
import { failure } from '../domain/failures';
import { undoVolumeInputSchema } from '../domain/step-io';
import { actOnAttachment } from './act-on-attachment';
import { activity } from './activity';
import { attachHistory } from './attach-history';
import type { SiteActivities } from './queues';
import { kept, nothingToUndo, undone } from './undo-outcome';
import type { VolumeWork } from './volume-work';

/**
 * detachVolume: when it answers `undone`, CloudStack's listing showed the volume away from the appliance with no job pending. As an
 * undo it leaves a volume that was attached before this run's first act; in a release it detaches whoever attached it.
 *
 * Why it is hard: CloudStack takes a detach by volume id alone (id and VM together is an API error), so one that arrives late takes
 * the volume off whichever VM holds it then. Hence a detach is sent only when the listing shows this appliance, nothing is pending,
 * an unfinished attach was settled (it may land later), and every earlier detach of ours is final; an unfinished one is sent again
 * under its own job id, which CloudStack executes once at most.
 *
 * Sources: reference cloudstack-api §2.4, §7; fixture straggler-detach-behind-a-queue; apache/cloudstack#14214, #13014 (a detach
 * that timed out and still happens).
 */
export function makeDetachVolume(work: VolumeWork): SiteActivities['detachVolume'] {
  return activity(
    'detachVolume',
    work.run,
    undoVolumeInputSchema,
    (volume) => volume,
    async (volume, run) => {
      const { diskKey, volumeId, applianceId } = volume;
      if (volume.mode !== 'release') {
        const history = await attachHistory(work.operations, volume);
        if (history === 'never') return nothingToUndo('detachVolume');
        if (history === 'found-attached') {
          const where = `appliance ${applianceId}, where it was before this run`;
          return kept('detachVolume', `disk ${String(diskKey)}: volume ${volumeId} stays attached to ${where}`);
        }
      }
      const { seen, cause, finish } = await actOnAttachment(work, run, volume, {
        step: 'detachVolume',
        kind: 'detach',
        vmId: applianceId,
        actOn: 'attached-here',
        mine: (active) =>
          active.kind === 'detach' && active.firstRunId === volume.firstRunId && active.vmId === applianceId,
        call: (jobId) => work.api.detachVolume({ id: volumeId, customJobId: jobId }, { signal: run.signal }),
      });
      if (seen.verdict === 'attached-here') {
        await finish('failed');
        throw failure('detach-failed', { diskKey, volumeId, vmId: applianceId, cause, vm: sourceVmPath(volume) });
      }
      // Detached, gone, or elsewhere: away from here in any case, and nothing of ours to touch.
      await finish('done');
      return undone('detachVolume');
    },
  );
}
