import { z } from 'zod';
import { boolean, number, textMap, uuid } from './answer-fields';

/** Shapes of CloudStack's answers about a site and its accounts: only what Diskferry reads, unknown fields kept out. */

const limit = z.union([z.string(), z.number().transform(String)]);

export const zoneSchema = z.object({
  id: uuid,
  name: z.string(),
  /** Enabled, Disabled */
  allocationstate: z.string().optional(),
  /** Basic, Advanced */
  networktype: z.string().optional(),
});

export const diskOfferingSchema = z.object({
  id: uuid,
  name: z.string(),
  /** GiB; 0 for a custom size */
  disksize: number.default(0),
  iscustomized: boolean.default(false),
});

export const capabilitiesSchema = z.object({
  cloudstackversion: z.string(),
  /** GiB */
  customdiskofferingminsize: number.optional(),
  /** GiB */
  customdiskofferingmaxsize: number.optional(),
  kvmsnapshotenabled: boolean.optional(),
  /** whether deleteVolume removes a volume for good where a normal user calls it */
  allowuserexpungerecovervolume: boolean.optional(),
  /** requests of one account in an interval of seconds; absent where none are counted (`api.throttling.enabled`) */
  apilimitmax: number.optional(),
  apilimitinterval: number.optional(),
});

export const hypervisorCapabilitySchema = z.object({
  id: uuid,
  hypervisor: z.string(),
  hypervisorversion: z.string().optional(),
  maxdatavolumeslimit: number.optional(),
});

export const userSchema = z.object({
  id: uuid,
  username: z.string(),
  account: z.string(),
  /** 0 user, 1 root admin, 2 domain admin */
  accounttype: number,
  /** Admin, DomainAdmin, ResourceAdmin, User */
  roletype: z.string().optional(),
  rolename: z.string().optional(),
  domainid: z.string(),
  domain: z.string().optional(),
  apikey: z.string().optional(),
});

export const accountSchema = z.object({
  id: uuid,
  name: z.string(),
  accounttype: number,
  roletype: z.string().optional(),
  domainid: z.string(),
  volumetotal: number.optional(),
  /** a number as text, or `Unlimited` */
  volumelimit: limit.optional(),
  /** GiB */
  primarystoragetotal: number.optional(),
  /** GiB as text, or `Unlimited` */
  primarystoragelimit: limit.optional(),
  snapshottotal: number.optional(),
  snapshotlimit: limit.optional(),
  vmtotal: number.optional(),
  vmlimit: limit.optional(),
  cputotal: number.optional(),
  cpulimit: limit.optional(),
  /** MiB */
  memorytotal: number.optional(),
  /** MiB as text, or `Unlimited` */
  memorylimit: limit.optional(),
});

export const serviceOfferingSchema = z.object({
  id: uuid,
  name: z.string(),
  state: z.string().optional(),
  /** absent in a custom offering, which takes it from the VM's details */
  cpunumber: number.optional(),
  /** MHz */
  cpuspeed: number.optional(),
  /** MiB; absent in a custom offering */
  memory: number.optional(),
  iscustomized: boolean.default(false),
  /** the bounds of a custom offering: `mincpunumber`, `maxcpunumber`, `minmemory`, `maxmemory` (MiB) */
  serviceofferingdetails: textMap.optional(),
  /** GiB; 0 for the template's own size */
  rootdisksize: number.optional(),
});

export const templateSchema = z.object({
  id: uuid,
  name: z.string(),
  zoneid: z.string().optional(),
  isready: boolean.default(false),
  hypervisor: z.string().optional(),
  format: z.string().optional(),
  ostypeid: z.string().optional(),
  ostypename: z.string().optional(),
  /** bytes */
  size: number.optional(),
  account: z.string().optional(),
});

export const networkSchema = z.object({
  id: uuid,
  name: z.string().default(''),
  zoneid: z.string().optional(),
  /** Isolated, Shared, L2 */
  type: z.string().optional(),
  state: z.string().optional(),
  account: z.string().optional(),
  domainid: z.string().optional(),
  projectid: z.string().optional(),
  canusefordeploy: boolean.optional(),
});

export const domainSchema = z.object({
  id: uuid,
  name: z.string(),
  path: z.string().optional(),
  state: z.string().optional(),
});

export const projectSchema = z.object({
  id: uuid,
  name: z.string(),
  displaytext: z.string().optional(),
  state: z.string().optional(),
  domainid: z.string().optional(),
});

export const resourceLimitSchema = z.object({
  /** CloudStack: Resource.ResourceType: 0 VMs, 2 volumes, 3 snapshots, 8 cpus, 9 memory (MiB), 10 primary storage (GiB), … */
  resourcetype: number,
  resourcetypename: z.string().optional(),
  /** of limits for storage or hosts with a tag, since 4.20 */
  tag: z.string().optional(),
  /** -1: none */
  max: number,
  account: z.string().optional(),
  domainid: z.string().optional(),
  projectid: z.string().optional(),
});
