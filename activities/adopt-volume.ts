import { failure } from '../domain/failures';
import { sourceVmPath, volumeTagKeys } from '../domain/names';
import { adoptVolumeInputSchema } from '../domain/repair-io';
import { tagOf } from '../site/volume-tags';
import { activity } from './activity';
import { fenceOf } from './fence-of';
import { listScope } from './list-scope';
import type { DoctorSiteActivities } from './queues';
import type { VolumeMaking } from './volume-making';

/**
 * adoptVolume: a volume that carries our tags, but that no row takes for there, is recorded again, so that it can be worked on like any
 * other. What it holds is not known, so it counts as holding data: nothing removes it by machine.
 *
 * @throws volume-gone, volume-differs when its tags name another VM or disk
 */
export function makeAdoptVolume(work: VolumeMaking): DoctorSiteActivities['adoptVolume'] {
  return activity(
    'adoptVolume',
    work.run,
    adoptVolumeInputSchema,
    (volume) => volume,
    async (volume, run) => {
      const { volumeId, diskKey } = volume;
      const vm = sourceVmPath(volume);
      const listing = await work.api.listVolumes({ id: volumeId, ...listScope(volume) }, { signal: run.signal });
      const listed = listing.find(({ id, state }) => id === volumeId && state !== 'Expunged');
      if (listed === undefined) throw failure('volume-gone', { diskKey, volumeId, vm });
      const [tagVm, tagDisk] = [tagOf(listed, volumeTagKeys.vm), tagOf(listed, volumeTagKeys.disk)];
      if (tagVm !== vm || tagDisk !== String(diskKey)) {
        const differences = `its tags say that it is disk ${tagDisk ?? '?'} of VM ${tagVm ?? '?'}`;
        throw failure('volume-differs', { diskKey, volumeId, differences });
      }
      await work.effect('adoptVolume.record', () =>
        work.database.fenced(fenceOf(volume, run), async (tx) => {
          await work.volumes.findAgain(tx, {
            site: volume.site,
            sourceId: volume.sourceId,
            sourceVmId: volume.sourceVmId,
            volumeId,
            volumeName: listed.name,
            diskKey,
            sizeBytes: listed.size,
            createdByWorkflowId: tagOf(listed, volumeTagKeys.owner) ?? run.workflowId,
            createdByFirstRunId: volume.firstRunId,
          });
        }),
      );
      return { done: `volume ${volumeId} is recorded again` };
    },
  );
}
