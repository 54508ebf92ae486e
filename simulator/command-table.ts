import type { Command } from './call';
import { attachVolume } from './commands/attach-volume';
import { cleanupSimulatorMock, configureSimulator, querySimulatorMock } from './commands/configure-simulator';
import { createTags } from './commands/create-tags';
import { createVolume } from './commands/create-volume';
import { deleteTags } from './commands/delete-tags';
import { deleteVolume } from './commands/delete-volume';
import { destroyVolume } from './commands/destroy-volume';
import { detachVolume } from './commands/detach-volume';
import { listAccounts } from './commands/list-accounts';
import { listCapabilities } from './commands/list-capabilities';
import { listDiskOfferings } from './commands/list-disk-offerings';
import { listHypervisorCapabilities } from './commands/list-hypervisor-capabilities';
import { listNetworks } from './commands/list-networks';
import { listServiceOfferings } from './commands/list-service-offerings';
import { listTags } from './commands/list-tags';
import { listTemplates } from './commands/list-templates';
import { listUsers } from './commands/list-users';
import { listVirtualMachines } from './commands/list-virtual-machines';
import { listVolumes } from './commands/list-volumes';
import { listZones } from './commands/list-zones';
import { queryAsyncJobResult } from './commands/query-async-job-result';
import { recoverVolume } from './commands/recover-volume';
import { resizeVolume } from './commands/resize-volume';
import { startVirtualMachine } from './commands/start-virtual-machine';
import { stopVirtualMachine } from './commands/stop-virtual-machine';
import { updateVolume } from './commands/update-volume';

/** Every command that the simulator acts, by its case-sensitive name. */
export const commandTable: ReadonlyMap<string, Command> = new Map(
  [
    attachVolume,
    cleanupSimulatorMock,
    configureSimulator,
    createTags,
    createVolume,
    deleteTags,
    deleteVolume,
    destroyVolume,
    detachVolume,
    listAccounts,
    listCapabilities,
    listDiskOfferings,
    listHypervisorCapabilities,
    listNetworks,
    listServiceOfferings,
    listTags,
    listTemplates,
    listUsers,
    listVirtualMachines,
    listVolumes,
    listZones,
    queryAsyncJobResult,
    querySimulatorMock,
    recoverVolume,
    resizeVolume,
    startVirtualMachine,
    stopVirtualMachine,
    updateVolume,
  ].map((command) => [command.name, command]),
);

/** Commands of a real server that normal users may not use; some of them are not acted, for anybody. */
export const adminOnlyCommands: ReadonlySet<string> = new Set([
  'cleanupSimulatorMock',
  'configureSimulator',
  'createZone',
  'listClusters',
  'listHosts',
  'listHypervisorCapabilities',
  'listPods',
  'listStoragePools',
  'querySimulatorMock',
]);
