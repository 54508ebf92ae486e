import type { SourceVmKey } from '../../domain/names';
import { demoApplianceId } from '../../stack/local-stack';
import { localSite } from '../../stack/state-folder';
import type { SourceVm } from './source-vm';

/** Name of the failover VM of a source VM. */
export const failoverVmName = (vm: SourceVm): string => `f-${vm.id.slice(0, 8)}`;

export const keyOf = (vm: SourceVm): SourceVmKey => ({
  site: localSite,
  sourceId: 'vcenter-qc',
  sourceVmId: vm.id,
});

const common = (vm: SourceVm) => ({
  schemaVersion: 1,
  site: localSite,
  source: { id: 'vcenter-qc', vm: vm.id, name: `vm-${vm.id.slice(0, 8)}` },
  appliance: demoApplianceId,
  budgets: { stepPause: '100ms', provisioningPause: '100ms' },
});

/** A test or live failover of a VM into the demo's world. */
export const failoverRequest = (vm: SourceVm, kind: 'test' | 'live', changes: Record<string, unknown> = {}) => ({
  ...common(vm),
  kind,
  target: {
    name: failoverVmName(vm),
    serviceOffering: 'appliance-2c4g',
    template: 'debian-12',
    networks: [{ network: 'l2-admin' }],
  },
  ...changes,
});

export const failBackRequest = (vm: SourceVm, changes: Record<string, unknown> = {}) => ({
  ...common(vm),
  discardWrites: true,
  ...changes,
});

export const revertRequest = (vm: SourceVm, changes: Record<string, unknown> = {}) => ({
  ...common(vm),
  to: 'latest-point',
  ...changes,
});
