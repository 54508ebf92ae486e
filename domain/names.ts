/** Every name that Diskferry gives to a thing outside itself is made here, and nowhere else. */

/** NBD export name of a volume: `migration-vol-{volume_uuid}`. */
export function exportName(volumeId: string): string {
  return `migration-vol-${volumeId}`;
}

/** The volume that an export name belongs to, or undefined when it is not one of ours. */
export function volumeOfExportName(name: string): string | undefined {
  return /^migration-vol-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(name)?.[1];
}

/**
 * The serial that the guest sees. CloudStack's KVM agent: the first 20 hexadecimal digits of the volume's uuid
 * (LibvirtComputingResource.diskUuidToSerial).
 */
export function volumeSerial(volumeId: string): string {
  return volumeId.replaceAll('-', '').slice(0, 20);
}

/**
 * By-id link names under which a guest may show the volume, in the order in which they are looked for: virtio-blk first, then
 * virtio-scsi in both of its forms.
 */
export function byIdLinkNames(volumeId: string): readonly string[] {
  const serial = volumeSerial(volumeId);
  return [`virtio-${serial}`, `scsi-0QEMU_QEMU_HARDDISK_${serial}`, `scsi-${serial}`];
}

/**
 * Name of a volume: `diskferry-{source VM}-{key}-{8 hex of the operation id}`. CloudStack does not make names unique, the
 * operation id does. Characters that a CloudStack name would not survive are replaced.
 */
export function volumeName(sourceVmName: string, diskKey: number, operationId: string): string {
  const vm = sourceVmName.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 60);
  return `diskferry-${vm}-${String(diskKey)}-${operationId.replaceAll('-', '').slice(0, 8)}`;
}

/**
 * Display name of a failover VM whose id could not be chosen: until it has its tags, the 8 hex digits of the operation's id are what
 * tells it from somebody else's VM of the same name.
 */
export function failoverVmDisplayName(name: string, operationId: string): string {
  return `${name}-diskferry-${operationId.replaceAll('-', '').slice(0, 8)}`;
}

/** Keys of the tags that mark a volume as ours in CloudStack. */
export const volumeTagKeys = {
  /** the workflow id that owns the volume */
  owner: 'diskferry-owner',
  /** `{site}/{source id}/{source VM id}` */
  vm: 'diskferry-vm',
  /** the disk key */
  disk: 'diskferry-disk',
  /** `begun` from the moment at which a copy may have written the volume */
  data: 'diskferry-data',
  /** the recovery point that a snapshot belongs to, or that a volume was made from */
  point: 'diskferry-point',
} as const;

/** What identifies a source VM everywhere: the place it comes from and its id there, as seen from one site. */
export interface SourceVmKey {
  readonly site: string;
  readonly sourceId: string;
  readonly sourceVmId: string;
}

/** `{site}/{source id}/{source VM id}`, the tail of workflow ids and the value of the vm tag. */
export function sourceVmPath(vm: SourceVmKey): string {
  return `${vm.site}/${vm.sourceId}/${vm.sourceVmId}`;
}

/** The VM path in the workflow id of a run of one VM; undefined for a group's, and for ids that are not ours. */
export function vmPathOfWorkflowId(workflowId: string): string | undefined {
  return /^(?:replicate|release|fail-over|fail-back|revert|repair)-vm\/([^/]+\/[^/]+\/[^/]+)$/.exec(workflowId)?.[1];
}

/** Workflow id of a replication. */
export function replicationWorkflowId(vm: SourceVmKey): string {
  return `replicate-vm/${sourceVmPath(vm)}`;
}

/** Workflow id of a release. */
export function releaseWorkflowId(vm: SourceVmKey): string {
  return `release-vm/${sourceVmPath(vm)}`;
}

/** Workflow id of a failover, test or live: one at a time for each VM. */
export function failoverWorkflowId(vm: SourceVmKey): string {
  return `fail-over-vm/${sourceVmPath(vm)}`;
}

/** Workflow id of the way back from a live failover. */
export function failBackWorkflowId(vm: SourceVmKey): string {
  return `fail-back-vm/${sourceVmPath(vm)}`;
}

/** Workflow id of going back to a recovery point. */
export function revertWorkflowId(vm: SourceVmKey): string {
  return `revert-vm/${sourceVmPath(vm)}`;
}

/** Workflow id of a repair: one at a time for each VM. */
export function repairWorkflowId(vm: SourceVmKey): string {
  return `repair-vm/${sourceVmPath(vm)}`;
}

/** Workflow id of the reconciliation of a site's job table; its schedule adds the time of each run. */
export function reconcileWorkflowId(site: string): string {
  return `reconcile-site/${site}`;
}

/** Id of a site's Temporal schedule. */
export function reconcileScheduleId(site: string): string {
  return `diskferry-reconcile/${site}`;
}

/** Workflow id of a failover of several VMs. */
export function failoverGroupWorkflowId(group: string): string {
  return `fail-over-group/${group}`;
}

/**
 * Name of a snapshot: `diskferry-{source VM}-{key}-{8 hex of the operation id}`, as a volume's. CloudStack does not make names
 * unique, the operation id does.
 */
export function snapshotName(sourceVmName: string, diskKey: number, operationId: string): string {
  return volumeName(sourceVmName, diskKey, operationId);
}

/** Task queues. One process may serve all of them. */
export const taskQueues = {
  /** workflows and database activities */
  main: 'diskferry',
  /** CloudStack calls of one site */
  site: (site: string) => `diskferry-site-${site}`,
  /** short device and export work on one appliance */
  appliance: (applianceId: string) => `diskferry-appliance-${applianceId}`,
  /** long copies on one appliance, apart so that they never take the slots that closing an export needs */
  applianceCopy: (applianceId: string) => `diskferry-appliance-${applianceId}-copy`,
} as const;

/** Search attributes, all of type Keyword. */
export const searchAttributeNames = {
  site: 'DiskferrySite',
  vm: 'DiskferryVm',
  phase: 'DiskferryPhase',
} as const;

/** Owner of the rows that an adoption wrote: no workflow of ours. */
export const OLDER_OWNER = 'older-installation';
