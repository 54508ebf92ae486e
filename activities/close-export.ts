import { failure } from '../domain/failures';
import { exportName, sourceVmPath } from '../domain/names';
import { undoVolumeInputSchema } from '../domain/step-io';
import { activity } from './activity';
import type { ApplianceWork } from './appliance-work';
import { fenceOf } from './fence-of';
import { lookUntil } from './polling';
import type { ApplianceActivities } from './queues';
import { nothingToUndo, undone } from './undo-outcome';

/** How long clients and copiers that are ending may take before the wait is shown as a failure (and then goes on). */
const FREE_WITHIN_MS = 10_000;

/**
 * closeExport: no new client can open the export, none has it open, and no copier of an earlier attempt lives.
 *
 * Why in this order: without its link the export takes no new client, but an open connection goes on; so the link goes first, then
 * the lock and the holders are waited for, and only then does the row go. A copier is known by the volume's lock, which falls with
 * its process.
 *
 * Sources: reference storage (removed link, fd after a client leaves); design §4 "Fencing".
 */
export function makeCloseExport(work: ApplianceWork): ApplianceActivities['closeExport'] {
  return activity(
    'closeExport',
    work.run,
    undoVolumeInputSchema,
    (volume) => volume,
    async (volume, run) => {
      const { diskKey, volumeId } = volume;
      const row = await work.exports.ofVolume(volumeId);
      const linked = (await work.links.list()).includes(volumeId);
      if (row === undefined && !linked) return nothingToUndo('closeExport');
      if (linked) await work.effect('closeExport.unlink', () => work.links.close(volumeId));

      const deviceNode = row?.deviceNode ?? (await work.mappings.ofVolume(volumeId))?.deviceNode;
      let inUse = failure('copy-locked', { volumeId, lock: work.lock.path(volumeId) });
      const free = await lookUntil(work, run, FREE_WITHIN_MS, async () => {
        if (!(await work.lock.isFree(volumeId))) return undefined;
        const holders = deviceNode === undefined ? [] : await work.links.holders(volumeId, deviceNode);
        if (holders.length === 0) return true;
        const evidence = holders.join(', ');
        inUse = failure('export-in-use', {
          diskKey,
          exportName: exportName(volumeId),
          evidence,
          vm: sourceVmPath(volume),
        });
        return undefined;
      });
      if (free === undefined) throw inUse;
      if ((await work.links.list()).includes(volumeId)) {
        const evidence = 'its link was made again meanwhile';
        throw failure('export-in-use', {
          diskKey,
          exportName: exportName(volumeId),
          evidence,
          vm: sourceVmPath(volume),
        });
      }
      if (row !== undefined) {
        await work.effect('closeExport.finish', () =>
          work.database.fenced(fenceOf(volume, run), (tx) => work.exports.remove(tx, volumeId)),
        );
      }
      return undone('closeExport');
    },
  );
}
