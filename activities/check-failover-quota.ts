import type { CloudStackApi, ServiceOffering, Template } from '../cloudstack/api';
import type { PreflightFailoverInput } from '../domain/failover-io';
import type { FailoverTarget } from '../domain/failover-request';
import type { DiskferryFailure } from '../domain/failures';
import { bytesToGibUp } from '../domain/sizes';
import { judgeQuota, type Needed } from '../site/judge-quota';
import type { Facts } from '../site/judge-site';
import { readQuota } from '../site/read-quota';
import type { ActivityRun } from './activity-run';

/** What the VM of a failover is made of. */
export interface NewMachine {
  readonly target: FailoverTarget;
  readonly offering: ServiceOffering;
  readonly template: Template;
}

/**
 * Why the key's own account could not have what the failover makes: volumes, snapshots, and the VM with its CPUs, memory and the
 * root that it is born with. Limits of another account, a project or a domain show when CloudStack refuses.
 */
export async function checkFailoverQuota(
  api: Pick<CloudStackApi, 'listAccounts'>,
  run: ActivityRun,
  { vm, request, disks, newVolumes, newSnapshots }: PreflightFailoverInput,
  facts: Facts,
  machine: NewMachine | undefined,
): Promise<DiskferryFailure | undefined> {
  if (('account' in request && request.account !== undefined) || request.projectId !== undefined) return undefined;
  const gib = newVolumes === 0 ? 0 : disks.reduce((sum, disk) => sum + bytesToGibUp(disk.volumeBytes), 0);
  const made = machine === undefined ? {} : machineNeeds(machine);
  const needed = {
    ...made,
    volumes: newVolumes + (made.volumes ?? 0),
    gib: gib + (made.gib ?? 0),
    snapshots: newSnapshots,
  };
  return judgeQuota(await readQuota(api, facts.keyOwner, { signal: run.signal }), needed, vm.site)[0];
}

/** CloudStack: a stopped VM counts like a running one (resource.count.running.vms.only is off unless somebody set it). */
function machineNeeds({ target, offering, template }: NewMachine): Needed {
  const rootGib = offering.rootdisksize !== undefined && offering.rootdisksize > 0 ? offering.rootdisksize : undefined;
  return {
    machines: 1,
    volumes: 1,
    gib: rootGib ?? bytesToGibUp(template.size ?? 0),
    cpus: target.cpus ?? offering.cpunumber ?? 0,
    memoryMib: target.memoryMib ?? offering.memory ?? 0,
  };
}
