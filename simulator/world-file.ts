import { z } from 'zod';
import { modeFields } from './modes';
import { resourceNames } from './resource-names';

/**
 * The file that describes a simulated site (`diskferry simulator --world FILE.json`). Ids that are left out are made once, at
 * the first start, and kept in the state. Unknown fields are refused.
 */

const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'a lower-case uuid');
const id = uuid.default(() => crypto.randomUUID());
const milliseconds = z.number().int().min(0).max(3_600_000);

export const timingsSchema = z.strictObject({
  /** time of a createVolume job */
  createMs: milliseconds,
  /** time that a work item waits at the head of its VM's queue before it begins */
  queueMs: milliseconds,
  /** the storage's time to create a volume at its first attach */
  storeMs: milliseconds.default(0),
  /** the hypervisor's time for an attach */
  attachMs: milliseconds,
  /** the hypervisor's time for a detach */
  detachMs: milliseconds,
  /** the storage's time for a delete, within the synchronous answer */
  deleteMs: milliseconds,
  /** the hypervisor's time for a snapshot of a volume or VM, or to put one back */
  snapshotMs: milliseconds.default(100),
  /** time from a snapshot on primary storage to `BackedUp`; of a detached volume after the end of the job */
  backupMs: milliseconds.default(20),
  /** time of start and stop of a VM each */
  powerMs: milliseconds,
  /** least and most time from the plug until the guest shows the disk */
  linkDelayMs: z.tuple([milliseconds, milliseconds]).refine(([least, most]) => least <= most, 'least first, then most'),
  /** how long a finished job is remembered; 24 hours in CloudStack */
  jobExpireMs: z.number().int().min(0),
});

const diskOfferingSchema = z.strictObject({
  id,
  name: z.string().min(1),
  displayText: z.string().optional(),
  /** GiB; left out for a custom size */
  sizeGib: z.number().int().min(1).optional(),
});

const serviceOfferingSchema = z.strictObject({
  id,
  name: z.string().min(1),
  displayText: z.string().optional(),
  cpus: z.number().int().min(1).optional(),
  memoryMib: z.number().int().min(1).optional(),
  customized: z.boolean().default(false),
});

const networkSchema = z.strictObject({
  id,
  name: z.string().min(1),
  account: z.string(),
  vlan: z.number().int().default(168),
});

const machineSchema = z.strictObject({
  id,
  name: z.string().min(1),
  account: z.string(),
  /** the project that owns it, instead of the account */
  project: z.string().optional(),
  state: z.enum(['Running', 'Stopped']).default('Running'),
  hypervisor: z.enum(['KVM', 'Simulator', 'XenServer', 'VMware']).default('KVM'),
  bus: z.enum(['virtio', 'virtio-scsi']).default('virtio'),
  serviceOffering: z.string().optional(),
  nics: z
    .array(z.strictObject({ macAddress: z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/), network: z.string() }))
    .default([]),
});

const accountSchema = z.strictObject({
  id,
  userId: id,
  name: z.string().min(1),
  role: z.enum(['admin', 'user']),
  /** made at random and kept in the state when left out */
  apiKey: z.string().min(8).optional(),
  secretKey: z.string().min(8).optional(),
  /** what it may have, by resource type name; storage in GiB, -1 for no limit. Where nothing is said, CloudStack's defaults */
  limits: z.partialRecord(z.enum(resourceNames), z.number().int().min(-1)).default({}),
});

const projectSchema = z.strictObject({
  id,
  /** the account of its own that its things belong to */
  accountId: id,
  name: z.string().min(1),
  displayText: z.string().optional(),
  /** the account that may use it */
  account: z.string(),
});

export const worldSchema = z.strictObject({
  name: z.string().min(1),
  ...modeFields,
  zone: z.strictObject({ id, name: z.string().min(1) }),
  rootDomainId: id,
  pod: z.strictObject({ id, name: z.string().default('pod1') }).prefault({}),
  cluster: z.strictObject({ id, name: z.string().default('c1') }).prefault({}),
  storage: z.strictObject({ id, name: z.string().default('ps1') }).prefault({}),
  template: z.strictObject({ id, name: z.string().min(1), osName: z.string().default('Other Linux (64-bit)') }),
  diskOfferings: z.array(diskOfferingSchema).min(1),
  serviceOfferings: z.array(serviceOfferingSchema).min(1),
  networks: z.array(networkSchema).default([]),
  accounts: z.array(accountSchema).min(1),
  projects: z.array(projectSchema).default([]),
  machines: z.array(machineSchema).default([]),
  /** data disks that a VM may have, by hypervisor; 6 where nothing is said, as in CloudStack */
  dataDiskLimits: z
    .partialRecord(z.enum(['KVM', 'Simulator', 'XenServer', 'VMware']), z.number().int().min(1))
    .default({}),
  /** `custom.diskoffering.size.min` and `.max`, GiB */
  customSizeGib: z.strictObject({ min: z.number().int().default(1), max: z.number().int().default(1024) }).prefault({}),
  timings: timingsSchema.prefault({
    createMs: 20,
    queueMs: 20,
    attachMs: 100,
    detachMs: 100,
    deleteMs: 20,
    powerMs: 100,
    linkDelayMs: [20, 150],
    jobExpireMs: 86_400_000,
  }),
});

/** A world as it is written, with ids and defaults left out where wanted. */
export type WorldFile = z.input<typeof worldSchema>;
/** A world with everything filled in. */
export type WorldDescription = z.output<typeof worldSchema>;
export type Timings = z.output<typeof timingsSchema>;
export type DiskOffering = z.output<typeof diskOfferingSchema>;
export type ServiceOffering = z.output<typeof serviceOfferingSchema>;
export type Project = z.output<typeof projectSchema>;
export type Network = z.output<typeof networkSchema>;
