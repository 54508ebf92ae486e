import { z } from 'zod';
import { failoverPhaseSchema } from './failover-phases';
import {
  failBackRequestSchema,
  failoverRequestSchema,
  guestStepSchema,
  hookNameSchema,
  revertRequestSchema,
} from './failover-request';
import { failoverKindSchema } from './failover-state';
import { failureRecordSchema } from './failures';
import { bytesSchema, diskKeySchema, uuidSchema } from './identifiers';
import { deviceProofSchema, diskRefSchema, undoModeSchema, vmRefSchema, volumeRefSchema } from './step-io';

/** What failover workflows hand to activities and get back. Inputs stay backward compatible: fields are only added, as optional. */

/** What a recovery point was taken for; those of a test go with it. */
export const pointPurposeSchema = z.enum(['cycle', 'test', 'live', 'back']);
export type PointPurpose = z.output<typeof pointPurposeSchema>;

/** Roles of the mappings on a failover VM. */
const failoverRoleSchema = z.enum(['test_root', 'test_data', 'live_root', 'live_data']);

// Claims, and the projection for people

export const claimFailoverInputSchema = vmRefSchema.extend({
  kind: failoverKindSchema,
  requestId: uuidSchema,
  requestDigest: z.string().min(1),
  failoverVmName: z.string().optional(),
});
export type ClaimFailoverInput = z.output<typeof claimFailoverInputSchema>;

/** The exclusive claim becomes a test's: a lease and a replication may live side by side. */
export const enterLeaseInputSchema = vmRefSchema.extend({ leaseUntil: z.string() });
export type EnterLeaseInput = z.output<typeof enterLeaseInputSchema>;

export const recordFailoverInputSchema = vmRefSchema.extend({
  phase: failoverPhaseSchema,
  reason: z.string().optional(),
  failure: failureRecordSchema.optional(),
  result: z.record(z.string(), z.unknown()).optional(),
  failoverVmId: z.string().optional(),
  pointId: z.string().optional(),
  leaseUntil: z.string().optional(),
});
export type RecordFailoverInput = z.output<typeof recordFailoverInputSchema>;

// What there is to work with

export const planFailoverInputSchema = vmRefSchema.extend({
  kind: failoverKindSchema,
  /** the recovery point to work from; without it the replicas themselves */
  from: z.union([z.literal('latest-point'), uuidSchema]).optional(),
  /** a reason: replicas that are not verified are taken all the same */
  allowUnverified: z.string().optional(),
});
export type PlanFailoverInput = z.output<typeof planFailoverInputSchema>;

export const replicaSchema = z.object({
  diskKey: diskKeySchema,
  boot: z.boolean(),
  volumeId: uuidSchema,
  volumeName: z.string(),
  volumeBytes: bytesSchema,
  generation: z.int(),
  verifiedHash: z.string().optional(),
  verifiedAt: z.string().optional(),
});
export type Replica = z.output<typeof replicaSchema>;

export const pointSnapshotSchema = z.object({
  diskKey: diskKeySchema,
  boot: z.boolean(),
  /** the volume that was snapshotted; it may be gone by now */
  volumeId: uuidSchema,
  snapshotId: uuidSchema,
  sizeBytes: bytesSchema,
  /** the verified hash of what it holds, `sha256-1GiB:…`; absent where a guest may have written it */
  hash: z.string().optional(),
});
export type PointSnapshot = z.output<typeof pointSnapshotSchema>;

export const planFailoverOutputSchema = z.object({
  /** by disk key */
  replicas: z.array(replicaSchema),
  /** when the replicas were verified (the oldest of them); absent when any is not */
  verifiedAt: z.string().optional(),
  /** the point asked for, with the snapshots of all disks */
  point: z
    .object({
      pointId: uuidSchema,
      takenAt: z.string(),
      purpose: pointPurposeSchema,
      snapshots: z.array(pointSnapshotSchema),
    })
    .optional(),
  /** where the VM is failed over to now */
  live: z.object({ failoverVmId: uuidSchema, failoverVmName: z.string(), since: z.string() }).optional(),
  /** what was overridden, in words */
  overridden: z.array(z.string()),
});
export type PlanFailoverOutput = z.output<typeof planFailoverOutputSchema>;

export const preflightFailoverInputSchema = z.object({
  vm: vmRefSchema,
  request: z.union([failoverRequestSchema, failBackRequestSchema, revertRequestSchema]),
  kind: failoverKindSchema,
  /** the disks that will be on the failover VM or come back */
  disks: z.array(z.object({ diskKey: diskKeySchema, boot: z.boolean(), volumeBytes: bytesSchema })),
  /** volumes and snapshots that will be made */
  newVolumes: z.int().min(0),
  newSnapshots: z.int().min(0),
  /** the VM that is there already (a failback) */
  failoverVmId: uuidSchema.optional(),
});
export type PreflightFailoverInput = z.output<typeof preflightFailoverInputSchema>;

export const preflightFailoverOutputSchema = z.object({
  zoneId: uuidSchema,
  zoneName: z.string(),
  cloudStackVersion: z.string(),
  mayChooseIds: z.boolean(),
  recoveryPointsKept: z.int(),
  /** whether volumes of the running appliance may be snapshotted, as far as is known before trying */
  snapshotsOfAttached: z.enum(['allowed', 'refused', 'unknown']),
  /** bytes that the snapshots may take on secondary storage at the most */
  snapshotBytes: bytesSchema,
  /** things to know that refuse nothing, in words */
  notes: z.array(z.string()),
  /** absent in a failback and a revert */
  target: z
    .object({
      serviceOfferingId: uuidSchema,
      serviceOfferingName: z.string(),
      templateId: uuidSchema,
      templateName: z.string(),
      hypervisor: z.string().optional(),
      networks: z.array(z.object({ id: uuidSchema, name: z.string(), macAddress: z.string().optional() })),
      details: z.record(z.string(), z.string()),
      dataDiskLimit: z.int(),
    })
    .optional(),
});
export type PreflightFailoverOutput = z.output<typeof preflightFailoverOutputSchema>;

// Recovery points

export const openPointInputSchema = vmRefSchema.extend({
  purpose: pointPurposeSchema,
  /** provisioning attempt or round: another one opens another point */
  attempt: z.int().min(1),
  disks: z.array(
    z.object({ diskKey: diskKeySchema, boot: z.boolean(), volumeId: uuidSchema, volumeBytes: bytesSchema }),
  ),
});
export type OpenPointInput = z.output<typeof openPointInputSchema>;
export const openPointOutputSchema = z.object({
  /** absent when none is needed: nothing verified would be lost, or the site keeps none */
  pointId: uuidSchema.optional(),
  because: z.string(),
});
export type OpenPointOutput = z.output<typeof openPointOutputSchema>;

export const snapshotVolumeInputSchema = volumeRefSchema.extend({ pointId: uuidSchema });
export type SnapshotVolumeInput = z.output<typeof snapshotVolumeInputSchema>;
export const snapshotVolumeOutputSchema = z.object({ snapshotId: uuidSchema, snapshotName: z.string() });
export type SnapshotVolumeOutput = z.output<typeof snapshotVolumeOutputSchema>;

export const completePointInputSchema = vmRefSchema.extend({ pointId: uuidSchema });
export type CompletePointInput = z.output<typeof completePointInputSchema>;
export const completePointOutputSchema = z.object({ takenAt: z.string(), snapshots: z.array(pointSnapshotSchema) });
export type CompletePointOutput = z.output<typeof completePointOutputSchema>;

/**
 * Points beyond those that the site keeps, and what of earlier removals was left; or only the latter; or all points but a test's own:
 * an operator said so, and the VM has no volume left that could need them.
 */
export const prunePointsInputSchema = vmRefSchema.extend({ which: z.enum(['left', 'all']).optional() });
export type PrunePointsInput = z.output<typeof prunePointsInputSchema>;
export const prunePointsOutputSchema = z.object({
  removed: z.array(uuidSchema),
  /** what could not be removed now, in words; the next run tries again */
  left: z.array(z.string()),
});
export type PrunePointsOutput = z.output<typeof prunePointsOutputSchema>;

export const restoreVolumeInputSchema = diskRefSchema.extend({
  purpose: z.enum(['test', 'revert']),
  pointId: uuidSchema,
  snapshotId: uuidSchema,
  sizeBytes: bytesSchema,
  boot: z.boolean(),
  account: z.string().optional(),
  domainId: uuidSchema.optional(),
});
export type RestoreVolumeInput = z.output<typeof restoreVolumeInputSchema>;
export const restoreVolumeOutputSchema = z.object({
  volumeId: uuidSchema,
  volumeName: z.string(),
  volumeBytes: bytesSchema,
});
export type RestoreVolumeOutput = z.output<typeof restoreVolumeOutputSchema>;

// The failover VM

export const deployVmInputSchema = vmRefSchema.extend({
  attempt: z.int().min(1),
  purpose: z.enum(['test', 'live']),
  name: z.string().min(1),
  zoneId: uuidSchema,
  serviceOfferingId: uuidSchema,
  templateId: uuidSchema,
  hypervisor: z.string().optional(),
  networks: z.array(z.object({ id: uuidSchema, macAddress: z.string().optional() })),
  details: z.record(z.string(), z.string()),
  firmware: z.enum(['bios', 'uefi', 'uefi-secure']),
  osTypeId: z.string().optional(),
  account: z.string().optional(),
  domainId: uuidSchema.optional(),
});
export type DeployVmInput = z.output<typeof deployVmInputSchema>;
export const deployVmOutputSchema = z.object({ failoverVmId: uuidSchema });
export type DeployVmOutput = z.output<typeof deployVmOutputSchema>;

/**
 * As an undo, removeVm finds the VM by the operation rows of this owner and attempt; with mode `release` (a failback) it removes the
 * VM that is named, whoever made it.
 */
export const removeVmInputSchema = vmRefSchema.extend({
  attempt: z.int().min(1),
  name: z.string().min(1),
  mode: undoModeSchema.optional(),
  failoverVmId: uuidSchema.optional(),
});
export type RemoveVmInput = z.output<typeof removeVmInputSchema>;

/** Input of clearRoot, startVm and stopVm. */
export const failoverVmRefSchema = vmRefSchema.extend({
  attempt: z.int().min(1),
  failoverVmId: uuidSchema,
  failoverVmName: z.string().min(1),
  mode: undoModeSchema.optional(),
});
export type FailoverVmRef = z.output<typeof failoverVmRefSchema>;

export const attachToVmInputSchema = volumeRefSchema.extend({
  failoverVmId: uuidSchema,
  failoverVmName: z.string().min(1),
  /** 0 is the root */
  deviceId: z.int().min(0),
  role: failoverRoleSchema,
  mode: undoModeSchema.optional(),
});
export type AttachToVmInput = z.output<typeof attachToVmInputSchema>;

const failoverVmKindSchema = z.enum(['test', 'live']);

export const prepareGuestInputSchema = vmRefSchema.extend({
  guest: guestStepSchema,
  kind: failoverVmKindSchema.optional(),
  disks: z.array(
    z.object({
      diskKey: diskKeySchema,
      boot: z.boolean(),
      volumeId: uuidSchema,
      volumeBytes: bytesSchema,
      device: deviceProofSchema,
    }),
  ),
});
export type PrepareGuestInput = z.output<typeof prepareGuestInputSchema>;

export const runHookInputSchema = vmRefSchema.extend({
  hook: hookNameSchema,
  purpose: z.enum(['quiesce', 'resume', 'health']),
  kind: failoverVmKindSchema.optional(),
  failoverVmId: uuidSchema.optional(),
  failoverVmName: z.string().optional(),
  /** how long it is asked again; without it once */
  withinMs: z.int().min(0).optional(),
});
export type RunHookInput = z.output<typeof runHookInputSchema>;

export const quiesceSourceInputSchema = vmRefSchema.extend({
  hook: hookNameSchema,
  resumeHook: hookNameSchema.optional(),
});
export type QuiesceSourceInput = z.output<typeof quiesceSourceInputSchema>;

/** Looks until the failover VM is up: Running, and the health hook content where there is one. */
export const checkHealthInputSchema = vmRefSchema.extend({
  failoverVmId: uuidSchema,
  failoverVmName: z.string(),
  withinMs: z.int().min(0),
});
export type CheckHealthInput = z.output<typeof checkHealthInputSchema>;

// The ends

export const commitFailoverInputSchema = vmRefSchema.extend({
  failoverVmId: uuidSchema,
  failoverVmName: z.string(),
  pointId: uuidSchema,
  volumes: z.array(z.object({ diskKey: diskKeySchema, volumeId: uuidSchema })),
});
export type CommitFailoverInput = z.output<typeof commitFailoverInputSchema>;

export const commitFailbackInputSchema = vmRefSchema.extend({ failoverVmId: uuidSchema });
export type CommitFailbackInput = z.output<typeof commitFailbackInputSchema>;

export const commitRevertInputSchema = vmRefSchema.extend({
  pointId: uuidSchema,
  disks: z.array(
    z.object({
      diskKey: diskKeySchema,
      boot: z.boolean(),
      oldVolumeId: uuidSchema,
      newVolumeId: uuidSchema,
      /** the verified hash that the snapshot was taken of */
      hash: z.string().optional(),
    }),
  ),
});
export type CommitRevertInput = z.output<typeof commitRevertInputSchema>;
