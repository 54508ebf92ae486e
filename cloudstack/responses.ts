import { z } from 'zod';
import { boolean, date, number, textMap, uuid } from './answer-fields';

/** Shapes of CloudStack's answers about volumes, snapshots, VMs and jobs: only what Diskferry reads, unknown fields kept out. */

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
  vmdisplayname: z.string().optional(),
  vmstate: z.string().optional(),
  account: z.string().optional(),
  domainid: z.string().optional(),
  projectid: z.string().optional(),
  diskofferingid: z.string().optional(),
  diskofferingname: z.string().optional(),
  /** of a root volume, and of one that was: what it was made from */
  templateid: z.string().optional(),
  snapshotid: z.string().optional(),
  /** on the storage; shown to admins alone */
  path: z.string().optional(),
  deleteprotection: boolean.optional(),
  tags: z.array(tagSchema).default([]),
  /** set while a job on this volume is pending */
  jobid: z.string().optional(),
  jobstatus: number.optional(),
  created: date.optional(),
  /** when it was attached; absent when detached */
  attached: date.optional(),
});

export const snapshotSchema = z.object({
  id: uuid,
  name: z.string().default(''),
  /** of a volume that may be deleted meanwhile */
  volumeid: z.string().optional(),
  volumename: z.string().optional(),
  /** Allocated, Creating, CreatedOnPrimary, BackingUp, BackedUp, Copying, Destroying, Destroyed, Error */
  state: z.string(),
  created: date.optional(),
  zoneid: z.string().optional(),
  account: z.string().optional(),
  domainid: z.string().optional(),
  projectid: z.string().optional(),
  /** bytes of the volume when it was taken */
  virtualsize: number.optional(),
  /** bytes on the storage */
  physicalsize: number.optional(),
  tags: z.array(tagSchema).default([]),
});

export const vmSnapshotSchema = z.object({
  id: uuid,
  name: z.string().default(''),
  /** as its maker named it; `name` is CloudStack's own, `i-2-34-VM_VS_20261122212600` */
  displayname: z.string().optional(),
  virtualmachineid: z.string().optional(),
  /** Allocated, Creating, Ready, Expunging, Removed, Reverting, Error */
  state: z.string(),
  type: z.string().optional(),
  created: date.optional(),
});

export const virtualMachineSchema = z.object({
  id: uuid,
  name: z.string().default(''),
  displayname: z.string().optional(),
  /** `i-2-7-VM`; shown to admins alone */
  instancename: z.string().optional(),
  state: z.string(),
  zoneid: z.string().optional(),
  zonename: z.string().optional(),
  account: z.string().optional(),
  domainid: z.string().optional(),
  projectid: z.string().optional(),
  hypervisor: z.string().optional(),
  templateid: z.string().optional(),
  serviceofferingid: z.string().optional(),
  /** shown to admins alone, and only of a VM that is placed */
  hostid: z.string().optional(),
  details: textMap.optional(),
  nic: z
    .array(
      z.object({
        networkid: z.string().optional(),
        macaddress: z.string().optional(),
        ipaddress: z.string().optional(),
      }),
    )
    .default([]),
  tags: z.array(tagSchema).default([]),
  created: date.optional(),
  /** set while a job on this VM is pending */
  jobid: z.string().optional(),
  jobstatus: number.optional(),
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
