import type { CallOptions, CloudStackApi, VirtualMachine } from '../cloudstack/api';
import { ifAllowed } from './if-allowed';
import type { SiteSettings } from './site-settings';

/** How many data disks one VM may have, and who says so. */
export interface DataDiskLimit {
  readonly disks: number;
  readonly from: 'configuration' | 'CloudStack' | 'assumed';
}

/** Data disks of one VM where CloudStack does not say: what it assumes itself for an unknown hypervisor. */
const UNKNOWN_LIMIT = 6;

/** The lowest limit that is listed for the VM's hypervisor, whatever its version; a normal user may not ask. */
export async function readDataDiskLimit(
  api: Pick<CloudStackApi, 'listHypervisorCapabilities'>,
  { hypervisor }: Pick<VirtualMachine, 'hypervisor'>,
  { dataDiskLimit }: Pick<SiteSettings, 'dataDiskLimit'>,
  options: CallOptions = {},
): Promise<DataDiskLimit> {
  if (dataDiskLimit !== undefined) return { disks: dataDiskLimit, from: 'configuration' };
  const listed =
    hypervisor === undefined ? undefined : await ifAllowed(api.listHypervisorCapabilities({ hypervisor }, options));
  const limits = (listed ?? []).flatMap(({ maxdatavolumeslimit }) =>
    maxdatavolumeslimit === undefined ? [] : [maxdatavolumeslimit],
  );
  return limits.length === 0
    ? { disks: UNKNOWN_LIMIT, from: 'assumed' }
    : { disks: Math.min(...limits), from: 'CloudStack' };
}
