import { type Finding, finding } from '../../domain/findings';
import { volumeSerial } from '../../domain/names';
import { isPassing } from '../../site/judge-attachment';
import type { View } from '../view';

/** Volumes whose size is not the same in the database, in CloudStack and on the appliance. */
export function judgeSizes(view: View): Finding[] {
  const { site } = view;
  const shown = new Map(
    view.sights.flatMap(({ disks }) =>
      disks.flatMap(({ serial, sizeBytes }) =>
        serial === undefined || sizeBytes === undefined ? [] : [[serial, sizeBytes] as const],
      ),
    ),
  );
  return view.rows.volumes.flatMap((row) => {
    const { volumeId, goneAt } = row;
    const volume = view.listed.get(volumeId);
    if (goneAt !== undefined || view.isMoving(volumeId)) return [];
    if (volume !== undefined && isPassing(volume.state)) return [];
    const sizes = [
      { whose: 'volumes', bytes: row.sizeBytes },
      // rows of the older system have no size
      { whose: 'device_mappings', bytes: view.mapped.get(volumeId)?.sizeBytes },
      { whose: 'CloudStack', bytes: volume?.size },
      { whose: 'the appliance', bytes: shown.get(volumeSerial(volumeId)) },
    ].filter((size): size is { whose: string; bytes: number } => size.bytes !== undefined && size.bytes !== 0);
    if (new Set(sizes.map(({ bytes }) => bytes)).size < 2) return [];
    const words = sizes.map(({ whose, bytes }) => `${whose} says ${String(bytes)} bytes`).join(', ');
    return [
      finding('size-mismatch', { site, subject: volumeId, owner: view.vmOf(volumeId) }, { volumeId, sizes: words }),
    ];
  });
}
