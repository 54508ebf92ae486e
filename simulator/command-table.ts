import type { Command } from './call';
import { attachVolume } from './commands/attach-volume';
import { cleanupSimulatorMock, configureSimulator, querySimulatorMock } from './commands/configure-simulator';
import { createSnapshot } from './commands/create-snapshot';
import { createTags } from './commands/create-tags';
import { createVmSnapshot } from './commands/create-vm-snapshot';
import { createVolume } from './commands/create-volume';
import { deleteSnapshot } from './commands/delete-snapshot';
import { deleteTags } from './commands/delete-tags';
import { deleteVmSnapshot } from './commands/delete-vm-snapshot';
import { deleteVolume } from './commands/delete-volume';
import { deployVirtualMachine } from './commands/deploy-virtual-machine';
import { destroyVirtualMachine } from './commands/destroy-virtual-machine';
import { destroyVolume } from './commands/destroy-volume';
import { detachVolume } from './commands/detach-volume';
import { expungeVirtualMachine } from './commands/expunge-virtual-machine';
import { listAccounts } from './commands/list-accounts';
import { listAsyncJobs } from './commands/list-async-jobs';
import { listCapabilities } from './commands/list-capabilities';
import { listDomains } from './commands/list-domains';
import { listDiskOfferings } from './commands/list-disk-offerings';
import { listHypervisorCapabilities } from './commands/list-hypervisor-capabilities';
import { listNetworks } from './commands/list-networks';
import { listOsTypes } from './commands/list-os-types';
import { listClusters, listHosts, listPods, listStoragePools } from './commands/list-places';
import { listProjects } from './commands/list-projects';
import { listResourceLimits } from './commands/list-resource-limits';
import { listServiceOfferings } from './commands/list-service-offerings';
import { listSnapshots } from './commands/list-snapshots';
import { listTags } from './commands/list-tags';
import { listTemplates } from './commands/list-templates';
import { listUsers } from './commands/list-users';
import { listVirtualMachines } from './commands/list-virtual-machines';
import { listVmSnapshot } from './commands/list-vm-snapshot';
import { listVolumes } from './commands/list-volumes';
import { listZones } from './commands/list-zones';
import { queryAsyncJobResult } from './commands/query-async-job-result';
import { rebootVirtualMachine } from './commands/reboot-virtual-machine';
import { recoverVirtualMachine } from './commands/recover-virtual-machine';
import { recoverVolume } from './commands/recover-volume';
import { resizeVolume } from './commands/resize-volume';
import { revertSnapshot } from './commands/revert-snapshot';
import { revertToVmSnapshot } from './commands/revert-to-vm-snapshot';
import { startVirtualMachine } from './commands/start-virtual-machine';
import { stopVirtualMachine } from './commands/stop-virtual-machine';
import { updateResourceLimit } from './commands/update-resource-limit';
import { updateVirtualMachine } from './commands/update-virtual-machine';
import { getUserKeys, registerUserKeys } from './commands/user-keys';
import { updateVolume } from './commands/update-volume';

/** Every command that the simulator acts, by its case-sensitive name. */
export const commandTable: ReadonlyMap<string, Command> = new Map(
  [
    attachVolume,
    cleanupSimulatorMock,
    configureSimulator,
    createSnapshot,
    createTags,
    createVmSnapshot,
    createVolume,
    deleteSnapshot,
    deleteTags,
    deleteVmSnapshot,
    deleteVolume,
    deployVirtualMachine,
    destroyVirtualMachine,
    destroyVolume,
    detachVolume,
    expungeVirtualMachine,
    getUserKeys,
    listAccounts,
    listAsyncJobs,
    listCapabilities,
    listClusters,
    listDiskOfferings,
    listDomains,
    listHosts,
    listHypervisorCapabilities,
    listNetworks,
    listOsTypes,
    listPods,
    listProjects,
    listResourceLimits,
    listServiceOfferings,
    listSnapshots,
    listStoragePools,
    listTags,
    listTemplates,
    listUsers,
    listVirtualMachines,
    listVmSnapshot,
    listVolumes,
    listZones,
    queryAsyncJobResult,
    querySimulatorMock,
    rebootVirtualMachine,
    recoverVirtualMachine,
    recoverVolume,
    registerUserKeys,
    resizeVolume,
    revertSnapshot,
    revertToVmSnapshot,
    startVirtualMachine,
    stopVirtualMachine,
    updateResourceLimit,
    updateVirtualMachine,
    updateVolume,
  ].map((command) => [command.name, command]),
);

/** Commands of a real server that normal users may not use; some of them are not acted, for anybody. */
export const adminOnlyCommands: ReadonlySet<string> = new Set([
  'cleanupSimulatorMock',
  'configureSimulator',
  'createZone',
  'listClusters',
  'listDomains',
  'listHosts',
  'listHypervisorCapabilities',
  'listPods',
  'listStoragePools',
  'updateResourceLimit',
  'querySimulatorMock',
]);
