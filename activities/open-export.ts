import { failure } from '../domain/failures';
import { exportName, sourceVmPath } from '../domain/names';
import { exportInputSchema } from '../domain/step-io';
import { activity } from './activity';
import type { ApplianceWork } from './appliance-work';
import { deviceFailure } from './device-failure';
import { fenceOf } from './fence-of';
import { lookUntil } from './polling';
import type { ApplianceActivities } from './queues';

/** nbdkit serves a new link at once; this only covers a machine that is busy. */
const SERVED_WITHIN_MS = 5_000;

/**
 * openExport: a client of the local nbdkit sees `migration-vol-{volume}` with the size of the device that was proven, now.
 *
 * Why the device is proven again: after a reboot of the appliance the same link may lead to another disk, and nbdkit opens
 * whatever the link names. The row is written before the link is made, so that no export exists that the database cannot name.
 *
 * Sources: design §7; reference storage (nbdkit file dir=).
 */
export function makeOpenExport(work: ApplianceWork): ApplianceActivities['openExport'] {
  return activity(
    'openExport',
    work.run,
    exportInputSchema,
    (volume) => volume,
    async (volume, run) => {
      const { diskKey, volumeId, device } = volume;
      const fence = fenceOf(volume, run);
      const name = exportName(volumeId);
      try {
        await work.resolver.reprove(volumeId, device);
      } catch (error) {
        throw deviceFailure(error, volume);
      }
      const uri = work.links.uri(volumeId);
      const row = await work.exports.ofVolume(volumeId);
      const isServed = async (): Promise<true | undefined> =>
        (await work.links.look(volumeId))?.sizeBytes === device.sizeBytes ? true : undefined;

      const same = row?.deviceNode === device.deviceNode && row.applianceId === volume.applianceId;
      if (same && row.state === 'open' && (await isServed())) return { exportName: name, uri };
      if (!same) {
        await work.effect('openExport.record', () =>
          work.database.fenced(fence, async (tx) => {
            if (row !== undefined) await work.exports.remove(tx, volumeId);
            await work.exports.open(tx, {
              exportName: name,
              volumeId,
              applianceId: volume.applianceId,
              deviceNode: device.deviceNode,
              ownerWorkflowId: run.workflowId,
            });
          }),
        );
      }
      // Repairs a link that leads elsewhere, too: what a link leads to is not asked, it is made.
      await work.effect('openExport.link', () => work.links.open(volumeId, device.deviceNode));
      if ((await lookUntil(work, run, SERVED_WITHIN_MS, isServed)) === undefined) {
        const seen = await work.links.look(volumeId);
        const evidence =
          seen === undefined
            ? 'a client does not see it'
            : `a client sees ${String(seen.sizeBytes)} bytes, the device has ${String(device.sizeBytes)}`;
        throw failure('export-failed', {
          diskKey,
          exportName: name,
          deviceNode: device.deviceNode,
          evidence,
          vm: sourceVmPath(volume),
        });
      }
      await work.effect('openExport.finish', () =>
        work.database.fenced(fence, (tx) => work.exports.markOpen(tx, volumeId)),
      );
      return { exportName: name, uri };
    },
  );
}
