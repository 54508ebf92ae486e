import type { z } from 'zod';
import type {
  AttachVolumeParameters,
  CreateSnapshotParameters,
  CreateVolumeParameters,
  DeployVirtualMachineParameters,
  NamedFilter,
  NetworkFilter,
  ResourceLimitFilter,
  SnapshotFilter,
  TagsParameters,
  TemplateFilter,
  VirtualMachineFilter,
  VmSnapshotFilter,
  VolumeFilter,
  VolumeFromSnapshotParameters,
} from './api-parameters';
import type { jobSchema, snapshotSchema, virtualMachineSchema, vmSnapshotSchema, volumeSchema } from './responses';
import type {
  accountSchema,
  capabilitiesSchema,
  diskOfferingSchema,
  domainSchema,
  hypervisorCapabilitySchema,
  networkSchema,
  projectSchema,
  resourceLimitSchema,
  serviceOfferingSchema,
  templateSchema,
  userSchema,
  zoneSchema,
} from './site-responses';

/**
 * The CloudStack API as its callers see it: typed commands and answers, typed failures ({@link CloudStackError}). Knows nothing
 * of Diskferry. No call repeats itself after a change may have reached the server; reads are repeated a few times within
 * their deadline.
 */
export interface CloudStackApi {
  readonly endpoint: string;

  listCapabilities(options?: CallOptions): Promise<Capabilities>;
  listZones(filter: NamedFilter, options?: CallOptions): Promise<Zone[]>;
  listDiskOfferings(filter: NamedFilter, options?: CallOptions): Promise<DiskOffering[]>;
  listServiceOfferings(filter: NamedFilter, options?: CallOptions): Promise<ServiceOffering[]>;
  /** one row per template and zone */
  listTemplates(filter: TemplateFilter, options?: CallOptions): Promise<Template[]>;
  listNetworks(filter: NetworkFilter, options?: CallOptions): Promise<Network[]>;
  listHypervisorCapabilities(filter: { hypervisor: string }, options?: CallOptions): Promise<HypervisorCapability[]>;
  /** the users that the key may see; the key's own user is the one with its api key */
  listUsers(options?: CallOptions): Promise<User[]>;
  /**
   * Makes a new key pair of a user. Up to 4.22 it replaces the user's only one, since 4.23 it is one more.
   *
   * @throws CloudStackError also `job-lost` and what else the job of 4.23 ends with
   */
  registerUserKeys(parameters: { id: string }, options?: CallOptions): Promise<{ apiKey: string; secretKey: string }>;
  listAccounts(options?: CallOptions): Promise<Account[]>;
  listDomains(filter: NamedFilter & { listAll?: boolean }, options?: CallOptions): Promise<Domain[]>;
  listProjects(filter: NamedFilter & { listAll?: boolean }, options?: CallOptions): Promise<Project[]>;
  /** of the key's own account, or of the one named */
  listResourceLimits(filter: ResourceLimitFilter, options?: CallOptions): Promise<ResourceLimit[]>;

  /** all pages; an id that CloudStack never knew gives an empty list, like one that was expunged */
  listVolumes(filter: VolumeFilter, options?: CallOptions): Promise<Volume[]>;

  /** Async: the volume row exists when this answers. Size in whole GiB. */
  createVolume(parameters: CreateVolumeParameters, options?: CallOptions): Promise<{ id: string; jobId: string }>;
  attachVolume(parameters: AttachVolumeParameters, options?: CallOptions): Promise<{ jobId: string }>;
  /** By volume id alone: id and VM together is an API error. */
  detachVolume(parameters: { id: string; customJobId?: string }, options?: CallOptions): Promise<{ jobId: string }>;
  /** Synchronous in CloudStack; may take as long as the storage needs. */
  deleteVolume(parameters: { id: string }, options?: CallOptions): Promise<void>;
  updateVolume(
    parameters: { id: string; deleteProtection?: boolean; name?: string },
    options?: CallOptions,
  ): Promise<{ jobId: string }>;
  /** Larger only; of an attached volume the VM's queue is waited for. The job fails while a snapshot is being taken. */
  resizeVolume(
    parameters: { id: string; sizeGib: number; customJobId?: string },
    options?: CallOptions,
  ): Promise<{ jobId: string }>;
  createTags(parameters: TagsParameters, options?: CallOptions): Promise<{ jobId: string }>;
  deleteTags(parameters: TagsParameters, options?: CallOptions): Promise<{ jobId: string }>;

  /** all pages, one row per snapshot; an id that CloudStack never knew gives an empty list */
  listSnapshots(filter: SnapshotFilter, options?: CallOptions): Promise<Snapshot[]>;
  listVmSnapshots(filter: VmSnapshotFilter, options?: CallOptions): Promise<VmSnapshot[]>;
  /**
   * Async: the snapshot's row exists when this answers. The volume must be Ready. The job may succeed while the snapshot is still
   * `Allocated`: list until it is `BackedUp`.
   */
  createSnapshot(parameters: CreateSnapshotParameters, options?: CallOptions): Promise<{ id: string; jobId: string }>;
  /** A snapshot that is deleted already fails the job (530 `… is already destroyed`). */
  deleteSnapshot(parameters: { id: string; customJobId?: string }, options?: CallOptions): Promise<{ jobId: string }>;
  /** Its volume's VM must be stopped; of a detached volume only on KVM. */
  revertSnapshot(parameters: { id: string; customJobId?: string }, options?: CallOptions): Promise<{ jobId: string }>;
  /** Async: createVolume with a snapshot; the volume is Ready, detached, when the job ends. */
  createVolumeFromSnapshot(
    parameters: VolumeFromSnapshotParameters,
    options?: CallOptions,
  ): Promise<{ id: string; jobId: string }>;

  listVirtualMachines(filter: VirtualMachineFilter, options?: CallOptions): Promise<VirtualMachine[]>;
  /**
   * Async: the VM's row exists when this answers. A resend with the same customJobId makes a second VM, one with the same customId
   * is refused.
   */
  deployVirtualMachine(
    parameters: DeployVirtualMachineParameters,
    options?: CallOptions,
  ): Promise<{ id: string; jobId: string }>;
  /** Of a running VM the job fails (`… is already running`). */
  startVirtualMachine(
    parameters: { id: string; customJobId?: string },
    options?: CallOptions,
  ): Promise<{ jobId: string }>;
  /** Of a stopped VM the job succeeds. */
  stopVirtualMachine(
    parameters: { id: string; forced?: boolean; customJobId?: string },
    options?: CallOptions,
  ): Promise<{ jobId: string }>;
  /**
   * Detaches the data volumes, also without `expunge`; those named in `volumeIds` are deleted with the VM. `expunge` as a normal
   * user needs `allow.user.expunge.recover.vm`.
   */
  destroyVirtualMachine(
    parameters: { id: string; expunge?: boolean; volumeIds?: readonly string[]; customJobId?: string },
    options?: CallOptions,
  ): Promise<{ jobId: string }>;
  /** The VM must be destroyed before. */
  expungeVirtualMachine(
    parameters: { id: string; customJobId?: string },
    options?: CallOptions,
  ): Promise<{ jobId: string }>;
  /**
   * Synchronous. Its OS type can be set here alone: deployVirtualMachine has no such parameter and would ignore it (CloudStack:
   * BaseDeployVMCmd). The VM must be stopped for a change of OS type.
   */
  updateVirtualMachine(
    parameters: { id: string; osTypeId?: string; displayName?: string },
    options?: CallOptions,
  ): Promise<void>;

  /** The job, or undefined when CloudStack does not know it: never sent, or forgotten (24 h after its end). */
  queryJob(jobId: string, options?: CallOptions): Promise<Job | undefined>;
  /**
   * Polls a job with growing pauses (from 0.1 s up to 2 s) until it is final or forgotten (undefined). Its status is a hint,
   * never a proof. `onPoll` is called on each look, for heartbeats.
   */
  waitForJob(jobId: string, options?: CallOptions & { onPoll?: () => void }): Promise<Job | undefined>;
  /**
   * By how many milliseconds the server's clock was ahead of this machine's when it answered last, by its Date header; undefined
   * while no answer had one: CloudStack itself sends none, a proxy before it may.
   */
  seenClockOffset(): number | undefined;
  close(): Promise<void>;
}

/** What every call takes. */
export interface CallOptions {
  /** aborts the call and every wait in it */
  readonly signal?: AbortSignal;
  /** milliseconds for one HTTP exchange; default 30 s, for deleteVolume 600 s */
  readonly timeoutMs?: number;
}

export type Volume = z.output<typeof volumeSchema>;
export type Job = z.output<typeof jobSchema>;
export type VirtualMachine = z.output<typeof virtualMachineSchema>;
export type Snapshot = z.output<typeof snapshotSchema>;
export type VmSnapshot = z.output<typeof vmSnapshotSchema>;
export type Capabilities = z.output<typeof capabilitiesSchema>;
export type Zone = z.output<typeof zoneSchema>;
export type DiskOffering = z.output<typeof diskOfferingSchema>;
export type ServiceOffering = z.output<typeof serviceOfferingSchema>;
export type Template = z.output<typeof templateSchema>;
export type Network = z.output<typeof networkSchema>;
export type HypervisorCapability = z.output<typeof hypervisorCapabilitySchema>;
export type User = z.output<typeof userSchema>;
export type Account = z.output<typeof accountSchema>;
export type Domain = z.output<typeof domainSchema>;
export type Project = z.output<typeof projectSchema>;
export type ResourceLimit = z.output<typeof resourceLimitSchema>;
