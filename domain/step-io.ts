import { z } from 'zod';
import { failureRecordSchema } from './failures';
import { bytesSchema, diskKeySchema, siteNameSchema, sourceIdSchema, uuidSchema } from './identifiers';
import { phaseSchema } from './phases';
import { diskSourceSchema, replicationRequestSchema } from './request';

/**
 * What workflows hand to activities and get back: plain JSON, parsed again where it arrives. Inputs stay backward compatible:
 * fields are added as optional, never renamed.
 */

/** The VM that a step works for, and where its volumes go. */
export const vmRefSchema = z.object({
  site: siteNameSchema,
  sourceId: sourceIdSchema,
  sourceVmId: uuidSchema,
  vmName: z.string().min(1),
  applianceId: uuidSchema,
  /**
   * Run id of the first execution of the workflow: stays through reset and continue-as-new, so it names "what this run made",
   * while the activity's own run id is what claims are fenced by.
   */
  firstRunId: z.string().min(1),
  /** the project that owns the volumes: CloudStack lists a project's volumes only to those who name it, even by id */
  projectId: uuidSchema.optional(),
});
export type VmRef = z.output<typeof vmRefSchema>;

/** One disk of it, in one provisioning attempt (1, 2, …). */
export const diskRefSchema = vmRefSchema.extend({
  attempt: z.int().min(1),
  diskKey: diskKeySchema,
});
export type DiskRef = z.output<typeof diskRefSchema>;

export const claimVmInputSchema = vmRefSchema.extend({
  kind: z.enum(['replication', 'release', 'repair']),
  requestId: uuidSchema.optional(),
  requestDigest: z.string().optional(),
});
export type ClaimVmInput = z.output<typeof claimVmInputSchema>;
export const claimVmOutputSchema = z.object({ epoch: z.int() });
export type ClaimVmOutput = z.output<typeof claimVmOutputSchema>;

export const preflightInputSchema = z.object({
  vm: vmRefSchema,
  request: replicationRequestSchema,
  /** true: only looks, reserves no slots (`replicate --dry-run`) */
  planOnly: z.boolean().optional(),
});
export type PreflightInput = z.output<typeof preflightInputSchema>;
/** Existing volumes of the VM, by disk key; only with `overwrite`. */
export const preflightSiteOutputSchema = z.object({
  zoneId: uuidSchema,
  zoneName: z.string(),
  diskOfferingId: uuidSchema,
  diskOfferingName: z.string(),
  cloudStackVersion: z.string(),
  applianceName: z.string(),
  freeSlots: z.int(),
  slotLimit: z.int(),
  /** the key is root admin's, so volume ids may be chosen (customid) */
  mayChooseVolumeIds: z.boolean(),
  /** MAC addresses of the appliance's network cards, as CloudStack lists them: evidence for `identity = "nic"` */
  applianceMacAddresses: z.array(z.string()),
  existingVolumes: z.array(
    z.object({
      diskKey: diskKeySchema,
      volumeId: uuidSchema,
      /** as recorded; missing in histories from before it was told */
      volumeBytes: bytesSchema.optional(),
    }),
  ),
});
export type PreflightSiteOutput = z.output<typeof preflightSiteOutputSchema>;
export const preflightApplianceInputSchema = preflightInputSchema.extend({
  applianceMacAddresses: z.array(z.string()),
});
export type PreflightApplianceInput = z.output<typeof preflightApplianceInputSchema>;
export const preflightApplianceOutputSchema = z.object({
  identity: z.string().describe('how the machine was proven to be the appliance'),
  bootId: z.string(),
  sources: z.array(z.object({ diskKey: diskKeySchema, sizeBytes: bytesSchema })),
});
export type PreflightApplianceOutput = z.output<typeof preflightApplianceOutputSchema>;

export const createVolumeInputSchema = diskRefSchema.extend({
  sizeBytes: bytesSchema.min(1),
  backingUuid: z.string().optional(),
  boot: z.boolean().optional(),
  /** a volume that this disk has already; it is taken instead of making one */
  existingVolumeId: uuidSchema.optional(),
  account: z.string().optional(),
  domainId: uuidSchema.optional(),
  projectId: uuidSchema.optional(),
});
export type CreateVolumeInput = z.output<typeof createVolumeInputSchema>;
export const createVolumeOutputSchema = z.object({
  volumeId: uuidSchema,
  volumeName: z.string(),
  /** size of the volume, whole GiB */
  volumeBytes: bytesSchema,
  /** false when the volume was there before */
  created: z.boolean(),
});
export type CreateVolumeOutput = z.output<typeof createVolumeOutputSchema>;

/**
 * `undo` (the default) takes back what this run made and leaves what it found; `release` is the operator's wish that the replicas
 * leave the appliance, whichever run attached them.
 */
export const undoModeSchema = z.enum(['undo', 'release']);

/**
 * As an undo, deleteVolume finds the volumes by the operation rows of this owner and disk: the id may not have been known when it
 * was owed. In a release it deletes the one volume that the operator named, whatever it holds.
 */
export const deleteVolumeInputSchema = diskRefSchema.extend({
  mode: undoModeSchema.optional(),
  /** the volume that the operator named; needed in a release */
  volumeId: uuidSchema.optional(),
});
export type DeleteVolumeInput = z.output<typeof deleteVolumeInputSchema>;

/** Input of every step and undo on a volume that is known. */
export const volumeRefSchema = diskRefSchema.extend({ volumeId: uuidSchema, volumeBytes: bytesSchema });
export type VolumeRef = z.output<typeof volumeRefSchema>;

/** Input of beginCopy. `keepsVerified`: the volume is marked as holding data, but what it holds stays verified (a revert). */
export const beginCopyInputSchema = volumeRefSchema.extend({ keepsVerified: z.boolean().optional() });
export type BeginCopyInput = z.output<typeof beginCopyInputSchema>;

/** Input of detachVolume, confirmDeviceGone, unmapDevice and closeExport; the step's own input will do. */
export const undoVolumeInputSchema = volumeRefSchema.extend({ mode: undoModeSchema.optional() });
export type UndoVolumeInput = z.output<typeof undoVolumeInputSchema>;

export const attachVolumeOutputSchema = z.object({
  /** CloudStack's deviceid; never used to guess a device */
  cloudStackDeviceId: z.int().min(0),
  /** it was attached there before this run's first act, so undo leaves it */
  foundAttached: z.boolean(),
});
export type AttachVolumeOutput = z.output<typeof attachVolumeOutputSchema>;

/** How a device was proven to be a volume; proven again before anything writes to it. */
export const deviceProofSchema = z.object({
  /** stable by-id path, the device node of the mapping */
  deviceNode: z.string(),
  /** what the link led to, for people: `/dev/vdc` */
  kernelNode: z.string(),
  serial: z.string(),
  sizeBytes: bytesSchema,
  bootId: z.string(),
  /** block device: its diskseq; simulated: inode of the file */
  instance: z.string(),
  simulated: z.boolean(),
});
export type DeviceProof = z.output<typeof deviceProofSchema>;

export const mapDeviceInputSchema = volumeRefSchema.extend({
  deviceNode: z.string(),
  cloudStackDeviceId: z.int().min(0),
});
export type MapDeviceInput = z.output<typeof mapDeviceInputSchema>;
export const mapDeviceOutputSchema = z.object({ devicePath: z.string() });
export type MapDeviceOutput = z.output<typeof mapDeviceOutputSchema>;

export const exportInputSchema = volumeRefSchema.extend({ device: deviceProofSchema });
export type ExportInput = z.output<typeof exportInputSchema>;
export const openExportOutputSchema = z.object({ exportName: z.string(), uri: z.string() });
export type OpenExportOutput = z.output<typeof openExportOutputSchema>;

export const copyDiskInputSchema = exportInputSchema.extend({
  source: diskSourceSchema,
  /** counts the sources that an operator gave this disk in this run; another one is copied from its begin */
  sourceRevision: z.int().min(0).optional(),
  /** true: the volume is new and the site says that new volumes read as zeros, so holes of the source need no writing */
  targetIsZero: z.boolean(),
});
export type CopyDiskInput = z.output<typeof copyDiskInputSchema>;
export const copyDiskOutputSchema = z.object({
  sourceBytes: bytesSchema,
  /** `sha256-1GiB:…` over the source's bytes */
  sourceHash: z.string(),
});
export type CopyDiskOutput = z.output<typeof copyDiskOutputSchema>;

export const verifyDiskInputSchema = exportInputSchema;
export type VerifyDiskInput = z.output<typeof verifyDiskInputSchema>;
export const verifyDiskOutputSchema = z.object({ sourceHash: z.string(), targetHash: z.string() });
export type VerifyDiskOutput = z.output<typeof verifyDiskOutputSchema>;

export const endClaimInputSchema = vmRefSchema;
export type EndClaimInput = VmRef;

/** One line of the projection of runs in SQL: what the run does now, or how it ended (a final phase). */
export const recordPhaseInputSchema = vmRefSchema.extend({
  phase: phaseSchema,
  reason: z.string().optional(),
  failure: failureRecordSchema.optional(),
  /** the run's result, with a final phase */
  result: z.record(z.string(), z.unknown()).optional(),
});
export type RecordPhaseInput = z.output<typeof recordPhaseInputSchema>;

/** The `listReplicas` activity: what a release has to take apart. */
export const listReplicasInputSchema = vmRefSchema;
export const listReplicasOutputSchema = z.object({
  replicas: z.array(
    z.object({
      diskKey: diskKeySchema,
      volumeId: uuidSchema,
      volumeName: z.string(),
      volumeBytes: bytesSchema,
      copyBegun: z.boolean(),
      devicePath: z.string().optional(),
      deviceNode: z.string().optional(),
    }),
  ),
  /** recovery points of the VM, but for those of a test: they outlive its volumes */
  points: z.array(z.object({ pointId: uuidSchema, takenAt: z.string() })).optional(),
});
export type ListReplicasOutput = z.output<typeof listReplicasOutputSchema>;
