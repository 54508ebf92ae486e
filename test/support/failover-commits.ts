import type { CommitFailoverInput, CommitRevertInput } from '../../domain/failover-io';
import type { FailoverJourney } from './failover-journey';
import { FAILOVER_VM_NAME } from './failover-vm-inputs';

/** Input of commitFailover, and of commitFailback: of a VM and a point that nobody made where none was. */
export function commitFailoverInput({ vm, failoverVmId, pointId, replicas }: FailoverJourney): CommitFailoverInput {
  return {
    ...vm,
    failoverVmId: failoverVmId ?? vm.firstRunId,
    failoverVmName: FAILOVER_VM_NAME,
    pointId: pointId ?? vm.firstRunId,
    volumes: replicas.map(({ volumeInput: { diskKey, volumeId } }) => ({ diskKey, volumeId })),
  };
}

/** Input of commitRevert: the volumes made from the point take the places of the replicas. */
export function commitRevertInput({ vm, pointId, point, replicas, restored }: FailoverJourney): CommitRevertInput {
  return {
    ...vm,
    pointId: pointId ?? vm.firstRunId,
    disks: replicas.map(({ createInput, volumeInput: { diskKey, volumeId } }) => {
      const hash = point?.snapshots.find((snapshot) => snapshot.diskKey === diskKey)?.hash;
      return {
        diskKey,
        boot: createInput.boot ?? false,
        oldVolumeId: volumeId,
        newVolumeId: restored.get(diskKey) ?? vm.firstRunId,
        ...(hash === undefined ? {} : { hash }),
      };
    }),
  };
}

/** What the database says of the VM's disks and volumes, without times. */
export interface ReplicaRows {
  readonly disks: readonly { readonly diskKey: number; readonly boot: boolean; readonly volumeId: string }[];
  readonly volumes: readonly {
    readonly volumeId: string;
    readonly generation: number;
    readonly copyBegun: boolean;
    readonly verifiedHash: string | undefined;
    readonly keptBecause: string | undefined;
  }[];
  readonly failedOverTo: string | undefined;
}

/** What the database says of the VM's disks and volumes, without times: the same after one call and after two. */
export async function replicasNow({ world, vm }: FailoverJourney): Promise<ReplicaRows> {
  const { disks, volumes, failovers } = world.database.repositories;
  const live = await failovers.liveOf(vm);
  return {
    disks: (await disks.ofVm(vm)).map(({ diskKey, boot, volumeId }) => ({ diskKey, boot, volumeId })),
    volumes: (await volumes.ofVm(vm)).map(({ volumeId, generation, copyBegun, verifiedHash, keptBecause }) => ({
      volumeId,
      generation,
      copyBegun,
      verifiedHash,
      keptBecause,
    })),
    failedOverTo: live?.failoverVmId,
  };
}
