import { sourceVmPath } from '../domain/names';
import { failure } from '../domain/failures';
import { type UndoVolumeInput, undoVolumeInputSchema } from '../domain/step-io';
import type { UndoOutcome } from '../domain/undo-policy';
import { activity } from './activity';
import type { ApplianceWork } from './appliance-work';
import { judgeAttachHistory } from './attach-history';
import { lookUntil } from './polling';
import { nothingToUndo, undone } from './undo-outcome';

/**
 * confirmDeviceGone: the appliance no longer shows the volume's device, and nobody holds it. CloudStack's word is not enough: after
 * an attach or detach that ended by cancel, time-out, restart or silence, the disk may be plugged, or appear later, though it says
 * detached. Only after such an operation is the absence watched for the site's settle time before it counts.
 *
 * Nothing here can pull a disk that stays; `device-still-there` names the remedy, and until it is gone the volume is neither
 * deleted nor attached elsewhere.
 *
 * Sources: design §4 "Ghosts"; reference cloudstack-api §1.6 (restart, cancelled jobs), §2.4 (detach that times out); field.md C8.
 */
export function makeConfirmDeviceGone(
  work: Pick<ApplianceWork, 'resolver' | 'operations' | 'clock' | 'polling' | 'run' | 'settings'>,
): (input: UndoVolumeInput) => Promise<UndoOutcome> {
  return activity(
    'confirmDeviceGone',
    work.run,
    undoVolumeInputSchema,
    (volume) => volume,
    async (volume, run) => {
      const { diskKey, volumeId, applianceId } = volume;
      const operations = await work.operations.ofVolume(volumeId);
      if (volume.mode !== 'release') {
        const history = judgeAttachHistory(operations, volume);
        if (history === 'never') return nothingToUndo('confirmDeviceGone');
        // detachVolume has named it already.
        if (history === 'found-attached') return { undo: 'confirmDeviceGone', outcome: 'kept' };
      }
      const doubtful = operations.some(
        (operation) => operation.doubtful && (operation.kind === 'attach' || operation.kind === 'detach'),
      );
      const settleMs = doubtful ? work.settings.settleTimeMs : 0;

      let evidence = '';
      let goneSince: number | undefined;
      const gone = await lookUntil(work, run, work.settings.deviceWaitMs + settleMs, async () => {
        const seen = await work.resolver.gone(volumeId);
        if (!seen.gone) {
          evidence = seen.evidence;
          goneSince = undefined;
          return undefined;
        }
        goneSince ??= work.clock.now();
        return work.clock.now() - goneSince >= settleMs ? true : undefined;
      });
      if (gone === true) return undone('confirmDeviceGone');
      throw failure('device-still-there', { diskKey, volumeId, applianceId, evidence, vm: sourceVmPath(volume) });
    },
  );
}
