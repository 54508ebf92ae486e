/** What commands are asked with; names as in CloudStack, in camel case. */

export interface VolumeFilter {
  readonly id?: string;
  readonly ids?: readonly string[];
  /** exact match; CloudStack does not make names unique */
  readonly name?: string;
  readonly virtualMachineId?: string;
  readonly zoneId?: string;
  readonly type?: 'ROOT' | 'DATADISK';
  /** CloudStack ORs several tags */
  readonly tags?: Readonly<Record<string, string>>;
  /** everything that the key may see, not only its own account's */
  readonly listAll?: boolean;
  readonly projectId?: string;
}

export interface CreateVolumeParameters {
  readonly name: string;
  readonly zoneId: string;
  readonly diskOfferingId: string;
  /** whole GiB */
  readonly sizeGib: number;
  /** chosen uuid of the volume; root admin only (531 otherwise) */
  readonly customId?: string;
  readonly customJobId?: string;
  readonly account?: string;
  readonly domainId?: string;
  readonly projectId?: string;
}

export interface AttachVolumeParameters {
  readonly id: string;
  readonly virtualMachineId: string;
  readonly deviceId?: number;
  readonly customJobId?: string;
}

export interface TagsParameters {
  readonly resourceType: 'Volume' | 'UserVm' | 'Snapshot';
  readonly resourceIds: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly customJobId?: string;
}

export interface VirtualMachineFilter {
  readonly id?: string;
  readonly ids?: readonly string[];
  readonly name?: string;
  /** CloudStack ORs several tags */
  readonly tags?: Readonly<Record<string, string>>;
  readonly listAll?: boolean;
  readonly projectId?: string;
}

export interface DeployVirtualMachineParameters {
  /** host name: letters, digits and hyphens */
  readonly name: string;
  readonly displayName?: string;
  readonly serviceOfferingId: string;
  readonly templateId: string;
  readonly zoneId: string;
  /** in the order of the network cards; the first is the default network */
  readonly networkIds: readonly string[];
  /** as many as networks, in their order; CloudStack chooses where one is undefined */
  readonly macAddresses?: readonly (string | undefined)[];
  /** needed when the template does not say */
  readonly hypervisor?: string;
  /** CloudStack starts a VM unless told not to, so it is always told */
  readonly startVm: boolean;
  /** `cpuNumber` and `memory` (MiB) of a custom offering, `rootDiskController`, … */
  readonly details?: Readonly<Record<string, string>>;
  /** whole GiB */
  readonly rootDiskSizeGib?: number;
  readonly bootType?: 'BIOS' | 'UEFI';
  readonly bootMode?: 'LEGACY' | 'SECURE';
  /** chosen uuid of the VM; root admin only (531 otherwise) */
  readonly customId?: string;
  readonly customJobId?: string;
  readonly account?: string;
  readonly domainId?: string;
  readonly projectId?: string;
}

export interface SnapshotFilter {
  readonly id?: string;
  readonly ids?: readonly string[];
  /** the volume may be deleted meanwhile: its snapshots outlive it */
  readonly volumeId?: string;
  /** exact match; names are not unique */
  readonly name?: string;
  /** CloudStack ORs several tags */
  readonly tags?: Readonly<Record<string, string>>;
  readonly listAll?: boolean;
  readonly projectId?: string;
}

export interface VmSnapshotFilter {
  readonly virtualMachineId?: string;
  readonly listAll?: boolean;
  readonly projectId?: string;
}

export interface CreateSnapshotParameters {
  readonly volumeId: string;
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly customJobId?: string;
}

export interface VolumeFromSnapshotParameters {
  readonly name: string;
  readonly snapshotId: string;
  readonly zoneId: string;
  /** the snapshot's own offering when left out */
  readonly diskOfferingId?: string;
  /** whole GiB; the snapshot's own size when left out */
  readonly sizeGib?: number;
  /** chosen uuid of the volume; root admin only (531 otherwise) */
  readonly customId?: string;
  readonly customJobId?: string;
  readonly account?: string;
  readonly domainId?: string;
  readonly projectId?: string;
}

export interface NamedFilter {
  readonly id?: string;
  readonly name?: string;
}

export interface TemplateFilter extends NamedFilter {
  readonly templateFilter:
    'featured' | 'self' | 'selfexecutable' | 'sharedexecutable' | 'executable' | 'community' | 'all';
  readonly zoneId?: string;
  readonly projectId?: string;
}

/** CloudStack: listNetworks has no parameter `name` (ListNetworksCmd) and would ignore it, so names are compared here. */
export interface NetworkFilter extends NamedFilter {
  readonly zoneId?: string;
  readonly listAll?: boolean;
  readonly projectId?: string;
}

export interface ResourceLimitFilter {
  /** needs `domainId` */
  readonly account?: string;
  readonly domainId?: string;
  readonly projectId?: string;
}
