import type { RecoveryPoints } from '../database/recovery-points';
import type { TestVolumes } from '../database/test-volumes';
import type { Volumes } from '../database/volumes';
import type { PrepareGuestInput } from '../domain/failover-io';

/** A replica that a guest step is about to write. */
export interface GuestReplica {
  readonly volumeId: string;
  /** its generation was raised since the recovery point of this run was opened */
  readonly raised: boolean;
}

/**
 * Which of a guest's disks are replicas. A guest step may write a volume that its own run made from a snapshot, and a replica of which
 * its own run has a complete recovery point; nothing else.
 *
 * @throws Error when a disk is neither: a mistake of ours, since the workflow takes the point or makes the volumes first
 */
export async function judgeGuestDisks(
  work: { readonly volumes: Volumes; readonly testVolumes: TestVolumes; readonly points: RecoveryPoints },
  input: PrepareGuestInput,
): Promise<GuestReplica[]> {
  const { firstRunId } = input;
  const taken = (await work.points.ofVm(input)).filter(
    (point) => point.state === 'complete' && point.firstRunId === firstRunId,
  );
  const replicas: GuestReplica[] = [];
  for (const { volumeId } of input.disks) {
    const restored = await work.testVolumes.get(volumeId);
    if (restored?.firstRunId === firstRunId && restored.goneAt === undefined) continue;
    const [volume, snapshot] = [
      await work.volumes.get(volumeId),
      taken.flatMap(({ snapshots }) => snapshots).find((candidate) => candidate.volumeId === volumeId),
    ];
    if (volume === undefined || snapshot === undefined) {
      throw new Error(
        `no guest step may write volume ${volumeId}: this run has neither made it nor a recovery point of it`,
      );
    }
    replicas.push({ volumeId, raised: volume.generation > snapshot.generation });
  }
  return replicas;
}
