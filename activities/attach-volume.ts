import { sourceVmPath } from '../domain/names';
import { randomUUID } from 'node:crypto';
import { failure } from '../domain/failures';
import { type VolumeRef, volumeRefSchema } from '../domain/step-io';
import { actOnAttachment } from './act-on-attachment';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import { attachHistory, isAttachOf } from './attach-history';
import { isKnownRefusal } from './known-refusals';
import type { SiteActivities } from './queues';
import { recordOperation } from './record-operation';
import type { VolumeWork } from './volume-work';

/**
 * attachVolume: when it answers, CloudStack's listing showed the volume on the appliance with no job pending, and one attach at
 * most was executed for it.
 *
 * Why it is hard: CloudStack refuses to attach an attached volume even to the same VM; a job's status proves nothing (after a
 * restart it says failed and the disk may be plugged, after "blocking others" it may still happen); jobs queue per VM, not per
 * volume. So the job's id is chosen and stored before it is sent (a resend with the same id is refused, never executed twice),
 * an unfinished try is settled by it, and the listing decides.
 *
 * Sources: reference cloudstack-api §1.6, §1.7, §2.4, §2.5, §7; fixtures custom-job-id, restart-during-attach,
 * attach-queue-one-vm; apache/cloudstack#14214.
 */
export function makeAttachVolume(work: VolumeWork): SiteActivities['attachVolume'] {
  return activity(
    'attachVolume',
    work.run,
    volumeRefSchema,
    (volume) => volume,
    async (volume, run) => {
      const { diskKey, volumeId, applianceId } = volume;
      const { seen, cause, finish } = await actOnAttachment(work, run, volume, {
        step: 'attachVolume',
        kind: 'attach',
        vmId: applianceId,
        actOn: 'detached',
        mine: (active) => isAttachOf(active, volume),
        call: (jobId) =>
          work.api.attachVolume(
            { id: volumeId, virtualMachineId: applianceId, customJobId: jobId },
            { signal: run.signal },
          ),
      });
      switch (seen.verdict) {
        case 'attached-here':
          await finish('done');
          return {
            cloudStackDeviceId: seen.deviceId,
            foundAttached: await wasFoundAttached(work, run, volume),
          };
        case 'gone':
          await finish('failed');
          throw failure('volume-gone', { diskKey, volumeId, vm: sourceVmPath(volume) });
        case 'attached-elsewhere':
          await finish('failed');
          throw failure('attached-elsewhere', {
            diskKey,
            volumeId,
            applianceId,
            otherVmId: seen.vmId,
            otherVmName: seen.vmName,
          });
        case 'detached':
          await finish('failed');
          throw isKnownRefusal('attachVolume', cause)
            ? failure('attach-refused', { diskKey, volumeId, applianceId, cause })
            : failure('attach-failed', { diskKey, volumeId, applianceId, cause, vm: sourceVmPath(volume) });
      }
    },
  );
}

/**
 * Whether the volume was on the appliance before this run's first act. Read after the look: whoever of this run attached it had
 * recorded it by then. Without any record it was somebody else, and that is recorded now, once, for the undo.
 */
async function wasFoundAttached(work: VolumeWork, run: ActivityRun, volume: VolumeRef): Promise<boolean> {
  const history = await attachHistory(work.operations, volume);
  if (history === 'never') {
    await recordOperation(
      work,
      run,
      volume,
      'attachVolume.record',
      { kind: 'attach', vmId: volume.applianceId, jobId: randomUUID(), found: { attached: true } },
      (active) => isAttachOf(active, volume),
      (tx, id) => work.operations.finish(tx, id, { state: 'done' }),
    );
  }
  return history !== 'attached-by-us';
}
