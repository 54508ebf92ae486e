import { z } from 'zod';

/** Shapes of CloudStack's answers: tolerant (numbers as strings, unknown fields kept out), only what Diskferry reads. */

const uuid = z.string().min(1);
const number = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+(\.\d+)?$/)
    .transform(Number),
]);
const boolean = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

export const tagSchema = z.object({ key: z.string(), value: z.string().default('') });

export const volumeSchema = z.object({
  id: uuid,
  name: z.string().default(''),
  zoneid: z.string().optional(),
  type: z.string().optional(),
  /** bytes */
  size: number,
  /** Allocated, Creating, Ready, Attaching, Destroy, …; there is no "Attached": that is `virtualmachineid` */
  state: z.string(),
  /** absent when detached */
  deviceid: number.optional(),
  /** absent when detached */
  virtualmachineid: z.string().optional(),
  vmname: z.string().optional(),
  vmstate: z.string().optional(),
  account: z.string().optional(),
  domainid: z.string().optional(),
  projectid: z.string().optional(),
  diskofferingid: z.string().optional(),
  diskofferingname: z.string().optional(),
  deleteprotection: boolean.optional(),
  tags: z.array(tagSchema).default([]),
  /** set while a job on this volume is pending */
  jobid: z.string().optional(),
  jobstatus: number.optional(),
  created: z.string().optional(),
});

export const virtualMachineSchema = z.object({
  id: uuid,
  name: z.string().default(''),
  displayname: z.string().optional(),
  state: z.string(),
  zoneid: z.string().optional(),
  zonename: z.string().optional(),
  account: z.string().optional(),
  domainid: z.string().optional(),
  projectid: z.string().optional(),
  hypervisor: z.string().optional(),
  nic: z.array(z.object({ macaddress: z.string().optional() })).default([]),
});

export const zoneSchema = z.object({ id: uuid, name: z.string(), allocationstate: z.string().optional() });

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
});

export const hypervisorCapabilitySchema = z.object({
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
  roletype: z.string().optional(),
  domainid: z.string(),
  apikey: z.string().optional(),
});

export const accountSchema = z.object({
  id: uuid,
  name: z.string(),
  accounttype: number,
  roletype: z.string().optional(),
  domainid: z.string(),
});

export const jobSchema = z.object({
  jobid: z.string().optional(),
  /** 0 pending, 1 succeeded, 2 failed (3 cancelled exists in the enum) */
  jobstatus: number,
  jobresultcode: number.optional(),
  jobinstanceid: z.string().optional(),
  jobinstancetype: z.string().optional(),
  /** absent after a restart of the server in the middle of the job */
  jobresult: z
    .preprocess(
      // `jobresulttype` text
      (result) => (typeof result === 'string' ? { errortext: result } : result),
      z.looseObject({ errorcode: number.optional(), errortext: z.string().optional() }),
    )
    .optional(),
});
