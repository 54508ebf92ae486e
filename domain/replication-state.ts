import { z } from 'zod';
import { failureRecordSchema } from './failures';
import { phaseSchema } from './phases';

/** What the `state` query of a replication answers, and what `diskferry status --json` shows under `workflow`. */
export const diskStateSchema = z.object({
  key: z.int(),
  boot: z.boolean(),
  sizeBytes: z.number(),
  /** what happens to this disk now */
  step: z.enum([
    'waiting',
    'createVolume',
    'attachVolume',
    'resolveDevice',
    'mapDevice',
    'snapshotVolume',
    'provisioned',
    'beginCopy',
    'openExport',
    'exported',
    'copyDisk',
    'copied',
    'verifyDisk',
    'verified',
    'closeExport',
    'replicated',
    'undoing',
    'undone',
    'kept',
    'held',
  ]),
  stepAttempt: z.int(),
  volumeId: z.string().optional(),
  volumeBytes: z.number().optional(),
  devicePath: z.string().optional(),
  deviceNode: z.string().optional(),
  exportName: z.string().optional(),
  sourceBytes: z.number().optional(),
  sourceHash: z.string().optional(),
  targetHash: z.string().optional(),
  /** undos owed now, newest first */
  undosOwed: z.array(z.string()),
  lastFailure: failureRecordSchema.optional(),
  /** ISO time of the next try, while pausing after a failure */
  nextTryAt: z.string().optional(),
  /** kept things and why, after compensation or cancel */
  kept: z.array(z.string()),
});
export type DiskState = z.output<typeof diskStateSchema>;

export const replicationStateSchema = z.object({
  phase: phaseSchema,
  /** why the phase is what it is, in one sentence, where that is not plain */
  reason: z.string().optional(),
  site: z.string(),
  sourceId: z.string(),
  sourceVmId: z.string(),
  vmName: z.string(),
  applianceId: z.string(),
  requestId: z.string(),
  provisioningAttempt: z.int(),
  /** the recovery point that was taken before the first write of this run */
  pointId: z.string().optional(),
  disks: z.array(diskStateSchema),
  /** ISO times of what has happened; `exportsOpenAt` ends provisioning */
  startedAt: z.string(),
  exportsOpenAt: z.string().optional(),
  copiedAt: z.string().optional(),
  endedAt: z.string().optional(),
  cancelWish: z.object({ keepVolumes: z.boolean() }).optional(),
  pauseWish: z.boolean(),
  lastFailure: failureRecordSchema.optional(),
  /** recovery points and snapshots that could not be removed now, in words; the next run tries again */
  pointsLeft: z.array(z.string()).optional(),
  /** what an operator could not get undone */
  leftovers: z.array(z.string()),
});
export type ReplicationState = z.output<typeof replicationStateSchema>;

/** How a run that completed ended. Runs that rolled back or were abandoned fail instead, with the cause. */
export const replicationResultSchema = z.object({
  state: z.enum(['replicated', 'cancelled']),
  vmId: z.string(),
  disks: z.array(
    z.object({
      key: z.int(),
      volumeId: z.string().optional(),
      devicePath: z.string().optional(),
      deviceNode: z.string().optional(),
      exportName: z.string().optional(),
      sizeBytes: z.number(),
      sourceHash: z.string().optional(),
      targetHash: z.string().optional(),
    }),
  ),
  kept: z.array(z.string()),
  startedAt: z.string(),
  exportsOpenAt: z.string().optional(),
  copiedAt: z.string().optional(),
  endedAt: z.string(),
});
export type ReplicationResult = z.output<typeof replicationResultSchema>;
