import type { VirtualMachine, VmSnapshot, Zone } from '../cloudstack/api';
import { type DiskferryFailure, failure } from '../domain/failures';
import type { ReplicationRequest } from '../domain/request';
import type { Judged } from './judged';
import { judgeOwner, type KeyOwner } from './judge-owner';

/** Whether an appliance's worker can be asked: nobody polls the task queue of one that no worker knows. */
export function judgeConfigured(
  applianceId: string,
  site: string,
  configured: readonly string[],
): DiskferryFailure | undefined {
  if (configured.length === 0 || configured.includes(applianceId)) return undefined;
  return failure('appliance-unknown', { applianceId, site, configured: configured.join(', ') });
}

/** What an appliance is judged against. */
export interface ApplianceExpectations {
  readonly applianceId: string;
  readonly site: string;
  /** the zone that volumes are made in; undefined where it is not known, which is another refusal */
  readonly zone: Zone | undefined;
  readonly keyOwner: KeyOwner | undefined;
  /** whom the volumes are to belong to */
  readonly owner: Pick<ReplicationRequest, 'account' | 'domainId' | 'projectId'>;
}

/** The VM that CloudStack lists under the appliance's id, if volumes can be attached to it as it is. */
export function judgeAppliance(
  vm: VirtualMachine | undefined,
  { applianceId, site, zone, keyOwner, owner }: ApplianceExpectations,
): Judged<VirtualMachine> {
  if (vm === undefined) return { refusal: failure('appliance-missing', { applianceId, site }) };
  const { name, state } = vm;
  if (state !== 'Running') return { refusal: failure('appliance-not-running', { applianceId, name, state }) };
  if (zone !== undefined && vm.zoneid !== undefined && vm.zoneid !== zone.id) {
    const elsewhere = { zone: vm.zonename ?? vm.zoneid, siteZone: zone.name };
    return { refusal: failure('appliance-elsewhere', { applianceId, site, ...elsewhere }) };
  }
  const mismatch = judgeOwner(vm, owner, keyOwner);
  if (mismatch !== undefined) return { refusal: failure('owner-mismatch', { applianceId, ...mismatch }) };
  return { found: vm };
}

/**
 * Snapshots of the whole VM: while there is one, CloudStack refuses attach and detach (reference cloudstack-api §2.4, §7).
 *
 * @param snapshots undefined where the key may not list them: then nothing is known
 */
export function judgeVmSnapshots(
  vm: Pick<VirtualMachine, 'id' | 'name'>,
  snapshots: readonly VmSnapshot[] | undefined,
): DiskferryFailure | undefined {
  if (snapshots === undefined || snapshots.length === 0) return undefined;
  const names = snapshots.map(vmSnapshotName).join(', ');
  return failure('appliance-has-snapshots', { applianceId: vm.id, name: vm.name, snapshots: names });
}

/** What its maker called it; CloudStack's own name says nothing to people. */
export function vmSnapshotName({ displayname, name, id }: Pick<VmSnapshot, 'displayname' | 'name' | 'id'>): string {
  return [displayname, name].find((text) => text !== undefined && text !== '') ?? id;
}
