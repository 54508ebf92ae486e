import type { DeviceMappings } from '../database/device-mappings';
import type { RecoveryPoints } from '../database/recovery-points';
import type { VmDisks } from '../database/vm-disks';
import type { VolumeRecord, Volumes } from '../database/volumes';
import { listReplicasInputSchema } from '../domain/step-io';
import { activity } from './activity';
import type { CurrentRun } from './activity-run';
import type { MainActivities } from './queues';

/**
 * listReplicas: the volumes of a source VM that are not gone, with their mappings: what a release has to take apart. A disk may have
 * several (one that was released and kept, and today's replica); those that stand for their disk now come first. Recovery points are
 * named beside them.
 */
export function makeListReplicas(work: {
  readonly volumes: Volumes;
  readonly disks: VmDisks;
  readonly mappings: DeviceMappings;
  readonly points: Pick<RecoveryPoints, 'ofVm'>;
  readonly run: CurrentRun;
}): MainActivities['listReplicas'] {
  return activity(
    'listReplicas',
    work.run,
    listReplicasInputSchema,
    (vm) => vm,
    async (vm) => {
      const current = new Set((await work.disks.ofVm(vm)).map((disk) => disk.volumeId));
      const rank = ({ volumeId }: VolumeRecord): number => (current.has(volumeId) ? 0 : 1);
      const volumes = (await work.volumes.ofVm(vm)).sort((a, b) => rank(a) - rank(b));
      const replicas = await Promise.all(
        volumes.map(async (volume) => {
          const mapping = await work.mappings.ofVolume(volume.volumeId);
          return {
            diskKey: volume.diskKey,
            volumeId: volume.volumeId,
            volumeName: volume.volumeName,
            volumeBytes: volume.sizeBytes,
            copyBegun: volume.copyBegun,
            ...(mapping === undefined ? {} : { devicePath: mapping.devicePath }),
            ...(mapping?.deviceNode === undefined ? {} : { deviceNode: mapping.deviceNode }),
          };
        }),
      );
      const points = (await work.points.ofVm(vm))
        .filter(({ purpose }) => purpose !== 'test')
        .map(({ id, completedAt, createdAt }) => ({ pointId: id, takenAt: completedAt ?? createdAt }));
      return { replicas, points };
    },
  );
}
