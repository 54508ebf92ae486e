import type { VirtualMachine } from '../cloudstack/api';
import type { VmOperation } from '../database/vm-operations';
import type { VmRef } from '../domain/step-io';
import { failoverVmDisplayName, volumeTagKeys } from '../domain/names';
import type { ActivityRun } from './activity-run';
import { listScope } from './list-scope';
import { pendingOnVm } from './observe-vm';
import { type JobEnd, settleJobById } from './settle-job';
import { tagOf } from '../site/volume-tags';
import type { VmWork } from './vm-work';

/** Whose VMs are meant: those of the named account, of the project, or of the key's own account. */
export type VmOwner = Pick<VmRef, 'projectId'> & {
  readonly account?: string | undefined;
  readonly domainId?: string | undefined;
};

/** What CloudStack has of one deploy operation. */
export interface Deployed {
  /** the VM of the operation */
  readonly machine: VirtualMachine | undefined;
  /** what a deploy that was carried out twice under one job id leaves beside it */
  readonly doubles: readonly VirtualMachine[];
}

/** VMs of exactly this name; CloudStack compares names of hosts without case. */
export async function listNamed(
  work: Pick<VmWork, 'api'>,
  run: ActivityRun,
  owner: VmOwner,
  name: string,
): Promise<readonly VirtualMachine[]> {
  const { account, domainId } = owner;
  const listing = await work.api.listVirtualMachines(
    { name, ...(account === undefined ? {} : { listAll: true }), ...listScope(owner) },
    { signal: run.signal },
  );
  return listing.filter(
    (machine) =>
      machine.name.toLowerCase() === name.toLowerCase() &&
      (account === undefined || machine.account === account) &&
      (domainId === undefined || machine.domainid === domainId),
  );
}

/**
 * Lists what a deploy operation has made. Names of VMs are the operator's, so a name alone proves nothing, nor do our tags, which a VM
 * of an earlier run of this workflow has as well: a VM is the operation's by the id that was chosen for it, by the job's, or by its
 * display name, which holds 8 digits of the operation's id where no VM id could be chosen.
 */
export async function listDeployed(
  work: Pick<VmWork, 'api'>,
  run: ActivityRun,
  operation: VmOperation,
  knownId: string | undefined,
  owner: Pick<VmRef, 'projectId'>,
): Promise<Deployed> {
  const byId =
    knownId === undefined
      ? []
      : await work.api.listVirtualMachines({ id: knownId, ...listScope(owner) }, { signal: run.signal });
  // A VM under a chosen id has no doubles: a second send of the id is refused.
  if (operation.choseVmId) return { machine: byId[0], doubles: [] };
  const displayName = failoverVmDisplayName(operation.failoverVmName, operation.id);
  const named = await work.api.listVirtualMachines(
    { name: operation.failoverVmName, listAll: true, ...listScope(owner) },
    { signal: run.signal },
  );
  const marked = named.filter(({ displayname, id }) => displayname === displayName && id !== knownId);
  const machine = knownId === undefined ? pickMachine(marked) : byId[0];
  return { machine, doubles: marked.filter((candidate) => candidate !== machine && candidate.state !== 'Destroyed') };
}

/**
 * Finds what a deploy operation has made that was cut off, however far it came. Where nothing is found, its request may still be on the
 * way: it was looked for three times.
 *
 * @throws vm-job-pending
 */
export async function findDeployed(
  work: VmWork,
  run: ActivityRun,
  operation: VmOperation,
  owner: Pick<VmRef, 'projectId'>,
): Promise<Deployed & { readonly end: JobEnd }> {
  const end = await settleJobById(work, run, operation.jobId, pendingOnVm(operation.failoverVmName));
  const knownId = operation.failoverVmId ?? (end.arrived ? end.job?.jobinstanceid : undefined);
  return { ...(await listDeployed(work, run, operation, knownId, owner)), end };
}

/** Of several VMs of one operation whose job was forgotten: the one that was worked with, so tagged, then the oldest. */
export function pickMachine(machines: readonly VirtualMachine[]): VirtualMachine | undefined {
  const rank = (machine: VirtualMachine): number => (tagOf(machine, volumeTagKeys.owner) === undefined ? 1 : 0);
  return [...machines].sort(
    (a, b) => rank(a) - rank(b) || (a.created ?? '').localeCompare(b.created ?? '') || a.id.localeCompare(b.id),
  )[0];
}
