import type { CallOptions, CloudStackApi, VirtualMachine, VmSnapshot, Volume } from '../cloudstack/api';
import { readDataDiskLimit, type DataDiskLimit } from './data-disk-limit';
import { ifAllowed } from './if-allowed';
import type { SiteSettings } from './site-settings';

/** A VM that CloudStack lists, with what decides whether volumes can be attached to it; not judged yet. */
export interface ApplianceReading {
  readonly vm: VirtualMachine;
  /** data volumes that CloudStack says are attached now, whoever attached them */
  readonly attached: readonly Volume[];
  readonly limit: DataDiskLimit;
  /** snapshots of the whole VM; undefined where the key may not list them */
  readonly snapshots: readonly VmSnapshot[] | undefined;
}

/** What the reading asks CloudStack for. */
export type ApplianceLists = Pick<
  CloudStackApi,
  'listVirtualMachines' | 'listVolumes' | 'listHypervisorCapabilities' | 'listVmSnapshots'
>;

/** Lists one VM by its id. A project's VMs are listed only when the project is named, even by id. */
export async function readVm(
  api: Pick<CloudStackApi, 'listVirtualMachines'>,
  { applianceId, projectId }: { readonly applianceId: string; readonly projectId?: string | undefined },
  options: CallOptions = {},
): Promise<VirtualMachine | undefined> {
  const [vm] = await api.listVirtualMachines(
    { id: applianceId, listAll: true, ...(projectId !== undefined && { projectId }) },
    options,
  );
  return vm;
}

/**
 * Reads what is attached to a VM and what may be. Only looks.
 *
 * @throws CloudStackError `unavailable` (retryable), `unauthorized`, `refused`
 */
export async function readAppliance(
  api: ApplianceLists,
  vm: VirtualMachine,
  settings: Pick<SiteSettings, 'dataDiskLimit'>,
  { projectId, ...options }: CallOptions & { readonly projectId?: string | undefined } = {},
): Promise<ApplianceReading> {
  const scope = { virtualMachineId: vm.id, listAll: true, ...(projectId !== undefined && { projectId }) };
  const [attached, limit, snapshots] = await Promise.all([
    api.listVolumes({ ...scope, type: 'DATADISK' }, options),
    readDataDiskLimit(api, vm, settings, options),
    ifAllowed(api.listVmSnapshots(scope, options)),
  ]);
  return { vm, attached, limit, snapshots };
}
