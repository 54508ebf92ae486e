import type { FailureRecord } from '../domain/failures';
import type { AccountQuota } from '../site/judge-quota';
import type { Permissions } from '../site/read-permissions';
import type { ReleaseKnowledge } from '../site/releases';

/** What `diskferry probe` found, as `--json` prints it. Sizes in GiB where the name says so, else in bytes. */
export interface SiteReport {
  readonly site: string;
  readonly endpoint: string;
  readonly server: {
    readonly version: string;
    readonly release: ReleaseKnowledge;
    /** milliseconds by which the server's clock is ahead of this machine's; null: it sends no Date header */
    readonly clockOffsetMs: number | null;
    /** what CloudStack grants one account; null: it counts nothing */
    readonly requestLimit: { readonly max: number; readonly intervalSeconds: number } | null;
    /** what the worker's configuration allows itself */
    readonly requestsPerSecond: number;
    /** `kvm.snapshot.enabled`: volumes that are attached may be snapshotted, as far as the server says */
    readonly kvmSnapshotEnabled: boolean | null;
  };
  readonly key: {
    readonly account: string | null;
    readonly domain: string | null;
    readonly role: string | null;
    readonly rootAdmin: boolean;
    readonly mayChooseVolumeIds: boolean;
    /** whether deleteVolume removes a volume for good */
    readonly mayExpungeVolumes: boolean | null;
    readonly mayList: Permissions;
  };
  readonly zone: {
    readonly configured: string;
    readonly id: string | null;
    readonly name: string | null;
    readonly networkType: string | null;
    readonly allocationState: string | null;
  };
  readonly sizes: {
    readonly minGib: number;
    readonly maxGib: number;
    readonly minBytes: number;
    readonly maxBytes: number;
  };
  readonly diskOfferings: readonly OfferingReport[];
  readonly quota: AccountQuota | null;
  readonly appliances: readonly ApplianceReport[];
  readonly thisMachine: { readonly macAddresses: readonly string[]; readonly applianceId: string | null };
  readonly request: RequestReport | null;
  /** what would be refused, each with its next action; empty: all well */
  readonly refusals: readonly FailureRecord[];
  /** what is worth knowing and refuses nothing */
  readonly notes: readonly string[];
}

export interface OfferingReport {
  readonly id: string;
  readonly name: string;
  readonly custom: boolean;
  /** null: custom */
  readonly sizeGib: number | null;
  /** volumes of any size can be made with it */
  readonly fits: boolean;
  /** it is the one that the site's configuration names */
  readonly configured: boolean;
}

export interface ApplianceReport {
  readonly id: string;
  readonly configured: boolean;
  /** null: CloudStack lists no such VM for the key; the rest is null then too */
  readonly name: string | null;
  readonly state: string | null;
  readonly hypervisor: string | null;
  readonly zone: string | null;
  readonly owner: string | null;
  readonly sameOwnerAsKey: boolean | null;
  readonly dataDisks: {
    readonly attached: number;
    readonly limit: number;
    readonly limitFrom: 'configuration' | 'CloudStack' | 'assumed';
    readonly free: number;
  } | null;
  /** names of snapshots of the whole VM; null: the key may not list them */
  readonly vmSnapshots: readonly string[] | null;
  /** how this machine is known to be the VM; null: it is not known to be */
  readonly thisMachine: string | null;
}

export interface RequestReport {
  readonly vm: string;
  readonly applianceId: string;
  readonly disks: readonly {
    readonly key: number;
    readonly sizeBytes: number;
    readonly volumeGib: number;
    readonly fits: boolean;
    readonly slot: boolean;
  }[];
  readonly freeSlots: number | null;
  /** everything that can be asked without the database and the appliance's worker would be accepted */
  readonly passes: boolean;
}
