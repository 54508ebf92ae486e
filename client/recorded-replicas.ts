import type { LiveFailover } from '../database/failovers';
import type { RecoveryPoint } from '../database/recovery-points';
import type { VolumeRecord } from '../database/volumes';
import type { SourceVmKey } from '../domain/names';
import type { ReplicationRecords } from './replication-records';

/** What the database knows of the volume of one disk. */
export type ReplicaRecord = Pick<VolumeRecord, 'volumeId' | 'diskKey' | 'copyBegun' | 'generation' | 'verifiedAt'>;

/** What the database knows of a VM's volumes, whatever its runs do. */
export interface RecordedReplicas {
  /** by disk key */
  readonly replicas: readonly ReplicaRecord[];
  readonly latestPoint: RecoveryPoint | undefined;
  readonly live: LiveFailover | undefined;
}

/** Reads it; nothing is known without a database, which the status says already. */
export async function recordedReplicas(
  records: ReplicationRecords | undefined,
  vm: SourceVmKey,
): Promise<RecordedReplicas> {
  if (records === undefined) return { replicas: [], latestPoint: undefined, live: undefined };
  const [disks, points, live] = await Promise.all([
    records.disks.ofVm(vm),
    records.points.ofVm(vm),
    records.failovers.liveOf(vm),
  ]);
  const volumes = await Promise.all(disks.map(({ volumeId }) => records.volumes.get(volumeId)));
  return {
    replicas: volumes.flatMap((volume) => (volume === undefined ? [] : [replicaOf(volume)])),
    latestPoint: points.find(({ state }) => state === 'complete'),
    live,
  };
}

function replicaOf({ volumeId, diskKey, copyBegun, generation, verifiedAt }: VolumeRecord): ReplicaRecord {
  return { volumeId, diskKey, copyBegun, generation, ...(verifiedAt !== undefined && { verifiedAt }) };
}

/** What a volume holds: verified bytes of one moment, bytes of several, or none of the source's yet. */
export function replicaWords({ copyBegun, verifiedAt }: ReplicaRecord): string {
  if (verifiedAt !== undefined) return `verified ${verifiedAt}`;
  return copyBegun ? 'torn: not verified, it may be half old and half new' : 'empty';
}
