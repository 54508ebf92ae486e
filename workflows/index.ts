/** The workflow types of Diskferry: what the bundle exports. */
export { failOverVm } from './fail-over-vm';
export { planReplication } from './plan-replication';
export { releaseVm } from './release-vm';
export { replicateVm } from './replicate-vm';
