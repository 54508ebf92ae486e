import type { DeployVirtualMachineParameters } from '../cloudstack/api-parameters';
import type { VmOperation } from '../database/vm-operations';
import type { DeployVmInput } from '../domain/failover-io';
import { type DiskferryFailure, failure } from '../domain/failures';
import { failoverVmDisplayName } from '../domain/names';
import type { ActivityRun } from './activity-run';
import { findDeployed, listNamed } from './find-deployed';
import { isKnownRefusal } from './known-refusals';
import { jobIdIsStale } from './settle-job';
import { finishVmOperation, sendVmChange } from './vm-operation';
import type { VmWork } from './vm-work';

/** What deployVirtualMachine is asked for: a VM that is not started, under ids that were recorded before. */
export function deployParameters(vm: DeployVmInput, operation: VmOperation): DeployVirtualMachineParameters {
  const macAddresses = vm.networks.map(({ macAddress }) => macAddress);
  return {
    name: vm.name,
    displayName: operation.choseVmId ? vm.name : failoverVmDisplayName(vm.name, operation.id),
    serviceOfferingId: vm.serviceOfferingId,
    templateId: vm.templateId,
    zoneId: vm.zoneId,
    networkIds: vm.networks.map(({ id }) => id),
    ...(macAddresses.some((mac) => mac !== undefined) ? { macAddresses } : {}),
    ...(vm.hypervisor === undefined ? {} : { hypervisor: vm.hypervisor }),
    startVm: false,
    details: vm.details,
    ...bootParameters(vm.firmware),
    ...(operation.choseVmId && operation.failoverVmId !== undefined ? { customId: operation.failoverVmId } : {}),
    ...(operation.jobId === undefined ? {} : { customJobId: operation.jobId }),
    ...(vm.account === undefined ? {} : { account: vm.account }),
    ...(vm.domainId === undefined ? {} : { domainId: vm.domainId }),
    ...(vm.projectId === undefined ? {} : { projectId: vm.projectId }),
  };
}

/** BIOS is what CloudStack takes when nothing is said (ApiConstants.BootType, BootMode). */
function bootParameters(
  firmware: DeployVmInput['firmware'],
): Pick<DeployVirtualMachineParameters, 'bootType' | 'bootMode'> {
  if (firmware === 'bios') return {};
  return { bootType: 'UEFI', bootMode: firmware === 'uefi' ? 'LEGACY' : 'SECURE' };
}

/**
 * Sends the deploy; the VM's row exists in CloudStack when that answers.
 *
 * @returns the VM's id, when it is known
 * @throws vm-name-taken, deploy-refused, deploy-failed: the row is closed then, and nothing was made under it
 */
export async function sendDeploy(
  work: VmWork,
  run: ActivityRun,
  vm: DeployVmInput,
  operation: VmOperation,
): Promise<string | undefined> {
  const giveUp = async (why: DiskferryFailure, cause: string): Promise<never> => {
    await finishVmOperation(work, run, vm, 'deployVm.finish', operation, { state: 'failed', failure: cause });
    throw why;
  };
  if (jobIdIsStale(work, operation)) {
    const cause = 'its job id is too old to be sent again';
    return await giveUp(deployFailure(vm, cause), cause);
  }
  // Whatever CloudStack would say to it: it compares names within a network domain only.
  const taken = (await listNamed(work, run, vm, vm.name)).find(
    (machine) => !isOfOperation(machine, operation) && machine.state !== 'Destroyed' && machine.state !== 'Expunging',
  );
  if (taken !== undefined) return await giveUp(nameTaken(vm, taken), `VM ${taken.id} has its name`);

  const sent = await sendVmChange(work, operation, 'deployVm.send', () =>
    work.api.deployVirtualMachine(deployParameters(vm, operation), { signal: run.signal }),
  );
  if (sent.outcome === 'sent' && sent.answer !== undefined) return sent.answer.id;
  // An earlier send may have arrived meanwhile: CloudStack refuses the name of the VM that it made, too.
  const { machine } = await findDeployed(work, run, operation, vm);
  if (machine !== undefined) return machine.id;
  if (sent.outcome !== 'refused') return undefined;
  const { holder, text } = sent.error;
  if (holder?.name === undefined) return await giveUp(deployFailure(vm, text), text);
  const [other] = await listNamed(work, run, vm, vm.name);
  return await giveUp(nameTaken(vm, other), text);
}

function isOfOperation(machine: { readonly id: string; readonly displayname?: string | undefined }, of: VmOperation) {
  return of.choseVmId
    ? machine.id === of.failoverVmId
    : machine.displayname === failoverVmDisplayName(of.failoverVmName, of.id);
}

function nameTaken(vm: DeployVmInput, other: { readonly id: string; readonly state: string } | undefined) {
  // A normal user is not shown its destroyed VMs, and they keep their name until they are expunged.
  const { id, state } = other ?? { id: 'one that is not listed', state: 'perhaps destroyed and not yet expunged' };
  return failure('vm-name-taken', { name: vm.name, otherVmId: id, state });
}

/** The failure of a deploy in CloudStack's words: refused where repeating cannot change it. */
export function deployFailure({ name }: DeployVmInput, cause: string): DiskferryFailure {
  return isKnownRefusal('deployVirtualMachine', cause)
    ? failure('deploy-refused', { name, cause })
    : failure('deploy-failed', { name, cause });
}
