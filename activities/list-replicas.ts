import type { DeviceMappings } from '../database/device-mappings';
import type { Volumes } from '../database/volumes';
import { listReplicasInputSchema } from '../domain/step-io';
import { activity } from './activity';
import type { CurrentRun } from './activity-run';
import type { MainActivities } from './queues';

/** listReplicas: the volumes of a source VM that are not gone, with their mappings: what a release has to take apart. */
export function makeListReplicas(work: {
  readonly volumes: Volumes;
  readonly mappings: DeviceMappings;
  readonly run: CurrentRun;
}): MainActivities['listReplicas'] {
  return activity(
    'listReplicas',
    work.run,
    listReplicasInputSchema,
    (vm) => vm,
    async (vm) => {
      const volumes = await work.volumes.ofVm(vm);
      const replicas = await Promise.all(
        volumes.map(async (volume) => {
          const mapping = await work.mappings.ofVolume(volume.volumeId);
          return {
            diskKey: volume.diskKey,
            volumeId: volume.volumeId,
            volumeName: volume.volumeName,
            volumeBytes: volume.sizeBytes,
            copyBegun: volume.copyBegun,
            ...(mapping === undefined ? {} : { devicePath: mapping.devicePath, deviceNode: mapping.deviceNode }),
          };
        }),
      );
      return { replicas };
    },
  );
}
