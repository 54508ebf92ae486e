import type { z } from 'zod';
import type {
  jobSchema,
  volumeSchema,
  virtualMachineSchema,
  zoneSchema,
  diskOfferingSchema,
  capabilitiesSchema,
  accountSchema,
  userSchema,
  hypervisorCapabilitySchema,
} from './responses';

/**
 * The CloudStack API as its callers see it: typed commands and answers, typed failures ({@link CloudStackError}). Knows nothing
 * of Diskferry. No call repeats itself after a change may have reached the server; reads are repeated a few times within
 * their deadline.
 */
export interface CloudStackApi {
  readonly endpoint: string;
  listCapabilities(options?: CallOptions): Promise<Capabilities>;
  listZones(filter: { id?: string; name?: string }, options?: CallOptions): Promise<Zone[]>;
  listDiskOfferings(filter: { id?: string; name?: string }, options?: CallOptions): Promise<DiskOffering[]>;
  listVirtualMachines(filter: VirtualMachineFilter, options?: CallOptions): Promise<VirtualMachine[]>;
  listHypervisorCapabilities(filter: { hypervisor: string }, options?: CallOptions): Promise<HypervisorCapability[]>;
  /** the users that the key may see; the key's own user is the one with its api key */
  listUsers(options?: CallOptions): Promise<User[]>;
  listAccounts(options?: CallOptions): Promise<Account[]>;
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
  createTags(parameters: TagsParameters, options?: CallOptions): Promise<{ jobId: string }>;
  deleteTags(parameters: TagsParameters, options?: CallOptions): Promise<{ jobId: string }>;

  /** The job, or undefined when CloudStack does not know it: never sent, or forgotten (24 h after its end). */
  queryJob(jobId: string, options?: CallOptions): Promise<Job | undefined>;
  /**
   * Polls a job with growing pauses (from 0.1 s up to 2 s) until it is final or forgotten (undefined). Its status is a hint,
   * never a proof. `onPoll` is called on each look, for heartbeats.
   */
  waitForJob(jobId: string, options?: CallOptions & { onPoll?: () => void }): Promise<Job | undefined>;
  close(): Promise<void>;
}

export interface CallOptions {
  /** aborts the call and every wait in it */
  readonly signal?: AbortSignal;
  /** milliseconds for one HTTP exchange; default 30 s, for deleteVolume 600 s */
  readonly timeoutMs?: number;
}

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

export interface VirtualMachineFilter {
  readonly id?: string;
  readonly name?: string;
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
  readonly resourceType: 'Volume' | 'UserVm';
  readonly resourceIds: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly customJobId?: string;
}

export type Volume = z.output<typeof volumeSchema>;
export type VirtualMachine = z.output<typeof virtualMachineSchema>;
export type Zone = z.output<typeof zoneSchema>;
export type DiskOffering = z.output<typeof diskOfferingSchema>;
export type Capabilities = z.output<typeof capabilitiesSchema>;
export type HypervisorCapability = z.output<typeof hypervisorCapabilitySchema>;
export type User = z.output<typeof userSchema>;
export type Account = z.output<typeof accountSchema>;
export type Job = z.output<typeof jobSchema>;
