/** Where CloudStack says that a volume is. */
export interface ListedVolume {
  readonly name: string;
  readonly sizeBytes: number;
  readonly vmId?: string;
  readonly deviceId?: number;
}

/** What the operator says and what CloudStack says. */
export interface AdoptionTerms {
  /** appliances of the configuration: CloudStack VM → site */
  readonly appliances: ReadonlyMap<string, string>;
  /** the site of what no appliance tells */
  readonly site?: string;
  /** vCenter host → source id of the requests; the host itself where nothing is said */
  readonly sources: ReadonlyMap<string, string>;
  /** ids of rows, contexts or volumes that stay behind */
  readonly leaveOut: ReadonlySet<string>;
  readonly rewritePaths: boolean;
  /** undefined: nobody was asked; a volume that is not in it is gone */
  readonly listed: ReadonlyMap<string, ListedVolume> | undefined;
}

export interface Finding {
  readonly kind: string;
  /** `blocks`: nothing is adopted while it stands */
  readonly severity: 'blocks' | 'warning' | 'note';
  readonly what: string;
}

export interface PlannedMapping {
  readonly volumeId: string;
  readonly vmId: string;
  readonly devicePath: string;
  /** as the older system had it */
  readonly olderPath: string;
  readonly deviceNode: string | null;
  readonly cloudStackDeviceId: number | null;
  readonly role: 'replica' | 'live_root' | 'live_data';
  readonly sizeBytes: number;
}

export interface PlannedDisk {
  readonly site: string;
  readonly sourceId: string;
  readonly sourceVmId: string;
  readonly diskKey: number;
  readonly boot: boolean;
  readonly volumeId: string;
  readonly volumeName: string;
  readonly sizeBytes: number;
}

/** What the older system left failed or unfinished, of the volume of a planned disk. */
export interface PlannedOperation {
  readonly id: string;
  /** as the older system calls it */
  readonly kind: string;
  readonly status: string;
  readonly disk: PlannedDisk;
  readonly vmId?: string;
  readonly error?: string;
  /** ISO time */
  readonly at?: string;
}

/** A VM that the older system failed over, and that stays as it is. */
export interface LeftBehind {
  readonly contextId: string;
  readonly vmName: string;
  readonly sourceVmId: string;
  /** the older system's word, such as `failed_over_live` */
  readonly status: string;
  readonly volumes: readonly string[];
}

/** The rows that an adoption writes, and what it found on the way. */
export interface AdoptionPlan {
  readonly mappings: readonly PlannedMapping[];
  /** recorded as attached where CloudStack says they are not: they go to the history */
  readonly past: readonly (PlannedMapping & { readonly because: string })[];
  readonly disks: readonly PlannedDisk[];
  readonly operations: readonly PlannedOperation[];
  readonly leftBehind: readonly LeftBehind[];
  readonly findings: readonly Finding[];
}

export type Find = (kind: string, severity: Finding['severity'], what: string) => void;
