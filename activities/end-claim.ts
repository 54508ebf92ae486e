import type { ApplianceSlots } from '../database/appliance-slots';
import type { Database } from '../database/database';
import type { DeviceMappings } from '../database/device-mappings';
import { ClaimLostError } from '../database/fence';
import type { ReplicationJobs } from '../database/replication-jobs';
import type { VmClaims } from '../database/vm-claims';
import type { VmDisk, VmDisks } from '../database/vm-disks';
import type { VolumeOperations } from '../database/volume-operations';
import type { Volumes } from '../database/volumes';
import { endClaimInputSchema, type VmRef } from '../domain/step-io';
import { activity } from './activity';
import type { CurrentRun } from './activity-run';
import { believedAttached } from './believed-attached';
import type { Effect } from './effect';
import { fenceOf } from './fence-of';
import type { MainActivities } from './queues';

/** What endClaim needs. */
export interface EndClaimWork {
  readonly database: Pick<Database, 'fenced'>;
  readonly claims: VmClaims;
  readonly jobs: ReplicationJobs;
  readonly slots: ApplianceSlots;
  readonly volumes: Volumes;
  readonly disks: VmDisks;
  readonly operations: VolumeOperations;
  readonly mappings: DeviceMappings;
  readonly effect: Effect;
  readonly run: CurrentRun;
}

/**
 * endClaim: the last act of a run. In one transaction the VM is given free, with the appliance slots of disks that are attached no
 * more. Disks that were released, and empty volumes that an operator abandoned, no longer stand for their disk key, so that they do
 * not block a new replication; the volumes themselves stay recorded.
 *
 * A claim that another run holds by now, or nobody, is left alone: it is not ours to give.
 */
export function makeEndClaim(work: EndClaimWork): MainActivities['endClaim'] {
  return activity(
    'endClaim',
    work.run,
    endClaimInputSchema,
    (vm) => vm,
    async (vm, run) => {
      // A test whose sandbox is gone has only its own place; slots and disks are those of whoever holds the VM.
      const holdsVm = (await work.claims.holder(vm))?.runId === run.runId;
      const { freed, forgotten } = holdsVm ? await whatEnds(work, vm) : { freed: [], forgotten: [] };
      try {
        await work.effect('endClaim.release', () =>
          work.database.fenced(fenceOf(vm, run), async (tx) => {
            for (const diskKey of freed) await work.slots.free(tx, vm, diskKey);
            for (const disk of forgotten) await work.disks.remove(tx, vm, disk.diskKey, disk.volumeId);
            await work.claims.release(tx, vm, run.runId);
            await work.claims.releaseTest(tx, vm, run.runId);
          }),
        );
      } catch (error) {
        if (!(error instanceof ClaimLostError)) throw error;
      }
    },
  );
}

async function whatEnds(
  work: EndClaimWork,
  vm: VmRef,
): Promise<{ freed: readonly number[]; forgotten: readonly VmDisk[] }> {
  const attachedKeys = new Set<number>();
  const held = new Set<string>();
  const empty = new Set<string>();
  for (const volume of await work.volumes.ofVm(vm)) {
    if (!volume.copyBegun) empty.add(volume.volumeId);
    const attached = believedAttached(await work.operations.ofVolume(volume.volumeId));
    if (attached) attachedKeys.add(volume.diskKey);
    if (attached || (await work.mappings.ofVolume(volume.volumeId)) !== undefined) held.add(volume.volumeId);
  }
  const slots = (await work.slots.list(vm.applianceId)).filter(
    (slot) => slot.site === vm.site && slot.sourceId === vm.sourceId && slot.sourceVmId === vm.sourceVmId,
  );
  const released = (await work.claims.holder(vm))?.kind === 'release';
  const job = await work.jobs.latestOfVm(vm);
  const abandoned = job?.firstRunId === vm.firstRunId && job.phase === 'abandoned';
  return {
    freed: slots.map((slot) => slot.diskKey).filter((diskKey) => !attachedKeys.has(diskKey)),
    forgotten: (await work.disks.ofVm(vm)).filter(
      (disk) => (released && !held.has(disk.volumeId)) || (abandoned && empty.has(disk.volumeId)),
    ),
  };
}
