/** The workflow types of Diskferry: what the bundle exports. */
export { examineSite } from './examine-site';
export { failBackVm } from './fail-back-vm';
export { failOverGroup } from './fail-over-group';
export { failOverVm } from './fail-over-vm';
export { inspectAppliances } from './inspect-appliances';
export { planFailOver } from './plan-fail-over';
export { planReplication } from './plan-replication';
export { reconcileSite } from './reconcile-site';
export { releaseVm } from './release-vm';
export { repairVm } from './repair-vm';
export { replicateVm } from './replicate-vm';
export { revertVm } from './revert-vm';
