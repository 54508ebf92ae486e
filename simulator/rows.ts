/** The rows of the simulated server's database and of its hypervisor. Rows are never changed in place: a table takes a new one. */

export type HypervisorName = 'KVM' | 'Simulator' | 'XenServer' | 'VMware';

export interface AccountRow {
  readonly id: string;
  /** internal number, as texts of the server show it */
  readonly number: number;
  readonly name: string;
  readonly role: 'admin' | 'user';
  readonly userId: string;
  readonly apiKey: string;
  readonly secretKey: string;
  /** accounts of the projects that it may use the things of */
  readonly projectAccounts?: readonly string[];
  readonly created: number;
}

type MachineState = 'Running' | 'Stopped' | 'Starting' | 'Stopping' | 'Destroyed' | 'Expunging' | 'Error';

interface NicRow {
  readonly id: string;
  readonly networkId: string;
  readonly macAddress: string;
}

/** Whether a VM came up when it was started. The server knows nothing of that: to it, the VM is running. */
export interface BootRecord {
  readonly up: boolean;
  readonly reason: string;
  readonly rootVolumeId: string | null;
  /** what the root held at the start (content-digest.ts) */
  readonly rootContent: string | null;
}

/** What a VM's root must hold for the VM to come up. */
export interface BootExpectationRow {
  /** id or name of the VM */
  readonly id: string;
  readonly rootContent: string;
}

export interface MachineRow {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly displayName: string;
  readonly accountId: string;
  readonly zoneId: string;
  readonly serviceOfferingId: string;
  /** what the caller chose of a customised offering; null for a fixed one */
  readonly customSize: { readonly cpus: number; readonly speedMhz: number; readonly memoryMib: number } | null;
  /** as they were sent, e.g. `rootDiskController`, and the server's own, e.g. `deployvm` */
  readonly details: Readonly<Record<string, string>>;
  readonly state: MachineState;
  readonly hypervisor: HypervisorName;
  /** how the guest sees its data disks */
  readonly bus: 'virtio' | 'virtio-scsi';
  readonly nics: readonly NicRow[];
  readonly created: number;
  readonly updated: number;
  /** disks plugged so far, over all boots: moves the kernel names on */
  readonly plugged: number;
  /** it was started once: until then its volumes are only allocated */
  readonly everStarted: boolean;
  /** what came of its last start; absent while it is stopped, and where it ran when the world began */
  readonly boot?: BootRecord;
  /** set when it was expunged */
  readonly removed: number | null;
}

type VolumeState =
  | 'Allocated'
  | 'Creating'
  | 'Ready'
  | 'Attaching'
  | 'Resizing'
  | 'Snapshotting'
  | 'RevertSnapshotting'
  | 'Destroy'
  | 'Expunging'
  | 'Expunged';

export interface VolumeRow {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly accountId: string;
  readonly zoneId: string;
  /** null for the root volume of a VM made from a template */
  readonly diskOfferingId: string | null;
  /** the template it was made of; stays when the root becomes a data disk */
  readonly templateId: string | null;
  /** the snapshot it was made of */
  readonly snapshotId: string | null;
  /** of a root that was made with its VM: its disk offering is the one within this service offering */
  readonly serviceOfferingId?: string;
  readonly type: 'ROOT' | 'DATADISK';
  readonly sizeBytes: number;
  readonly state: VolumeState;
  /** the VM that it is attached to, as the server believes */
  readonly vmId: string | null;
  readonly deviceId: number | null;
  readonly attached: number | null;
  readonly created: number;
  /** a pool was chosen for it: `storage` and `hypervisor` are shown */
  readonly placed: boolean;
  /** it exists on storage: `path` is shown */
  readonly onStorage: boolean;
  /** its path there, where that is not its name: of a volume made from a snapshot */
  readonly path?: string;
  readonly deleteProtection: boolean;
  /** set when it was expunged; the row stays, since CloudStack remembers its uuid */
  readonly removed: number | null;
}

export interface JobRow {
  readonly id: string;
  readonly number: number;
  readonly accountId: string;
  /** Java class, as `cmd` shows it */
  readonly javaClass: string;
  readonly instanceType: 'Volume' | 'VirtualMachine' | 'Snapshot' | 'VmSnapshot' | 'None';
  readonly instanceId: string | null;
  /** 0 pending, 1 succeeded, 2 failed, 3 cancelled (which no job of the real server was seen to become) */
  readonly status: 0 | 1 | 2 | 3;
  readonly resultCode: number;
  /** null while pending, and for ever when the server was restarted in the middle */
  readonly result: JsonObject | null;
  readonly created: number;
  readonly completed: number | null;
}

type SnapshotState = 'Allocated' | 'Creating' | 'BackingUp' | 'BackedUp' | 'Destroying' | 'Destroyed' | 'Error';

/** A volume snapshot. It outlives its volume. */
export interface SnapshotRow {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly accountId: string;
  readonly zoneId: string;
  readonly volumeId: string;
  readonly state: SnapshotState;
  readonly sizeBytes: number;
  readonly created: number;
  /** set when it was deleted */
  readonly removed: number | null;
}

type VmSnapshotState = 'Allocated' | 'Creating' | 'Ready' | 'Reverting' | 'Expunging' | 'Error';

/** A snapshot of a whole VM: while there is one, its disks can be neither attached nor detached. */
export interface VmSnapshotRow {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly displayName: string;
  readonly description: string | null;
  readonly accountId: string;
  readonly zoneId: string;
  readonly vmId: string;
  readonly type: 'Disk' | 'DiskAndMemory';
  readonly state: VmSnapshotState;
  /** the snapshot that the VM goes on from */
  readonly current: boolean;
  readonly parentId: string | null;
  readonly created: number;
  readonly removed: number | null;
}

/** What an account may have of a resource, where that is not the default (`updateResourceLimit`). */
export interface ResourceLimitRow {
  /** `{account id}/{resource}` */
  readonly id: string;
  readonly accountId: string;
  /** as `resourcetypename` shows it, for instance volume */
  readonly resource: string;
  /** -1 for no limit; storage in GiB */
  readonly max: number;
}

export interface TagRow {
  /** `{resource id}/{key}`: unique, as in the server */
  readonly id: string;
  readonly resourceType: 'Volume' | 'UserVm' | 'Snapshot';
  readonly resourceId: string;
  readonly accountId: string;
  readonly key: string;
  readonly value: string;
}

/** What the hypervisor has plugged into a guest, whatever the server's database says. */
export interface PlugRow {
  /** `{vm id}/{volume id}` */
  readonly id: string;
  readonly vmId: string;
  readonly volumeId: string;
  /** the guest kernel's name, for instance vdk */
  readonly kernelName: string;
  readonly bus: 'virtio' | 'virtio-scsi';
  readonly sizeBytes: number;
  readonly sequence: number;
  /** when the guest sees the device (epoch milliseconds), null for never */
  readonly deviceAt: number | null;
  /** when its by-id link is there, null for never */
  readonly linkAt: number | null;
  /** when the guest lets go of it though nobody waits for that any more, null for never */
  readonly unplugAt: number | null;
  /** kernel name that the link points to when it is wrong */
  readonly linkTo: string | null;
}

export type JsonValue = string | number | boolean | null | undefined | JsonObject | readonly JsonValue[];
export interface JsonObject {
  readonly [key: string]: JsonValue;
}
