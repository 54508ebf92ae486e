import { z } from 'zod';
import { failoverPhaseSchema } from './failover-phases';
import { failureRecordSchema } from './failures';

/** One disk in a failover, a failback or a revert. */
export const failoverDiskStateSchema = z.object({
  key: z.int(),
  boot: z.boolean(),
  /** bytes of its volume */
  sizeBytes: z.number(),
  /** the step or undo that runs or ran last, by its name; `waiting` before the first */
  step: z.string(),
  stepAttempt: z.int(),
  /** the volume that is on the failover VM, or is to be: the replica itself, or one made from a snapshot */
  volumeId: z.string().optional(),
  snapshotId: z.string().optional(),
  devicePath: z.string().optional(),
  /** CloudStack's deviceid on the failover VM: 0 is the root */
  deviceId: z.int().optional(),
  undosOwed: z.array(z.string()),
  lastFailure: failureRecordSchema.optional(),
  nextTryAt: z.string().optional(),
  /** kept things and why */
  kept: z.array(z.string()),
});
export type FailoverDiskState = z.output<typeof failoverDiskStateSchema>;

export const failoverKindSchema = z.enum(['test', 'live', 'back', 'revert']);
export type FailoverKind = z.output<typeof failoverKindSchema>;

/** What the `state` query of failOverVm, failBackVm and revertVm answers. */
export const failoverStateSchema = z.object({
  phase: failoverPhaseSchema,
  /** why the phase is what it is, in one sentence, where that is not plain */
  reason: z.string().optional(),
  kind: failoverKindSchema,
  site: z.string(),
  sourceId: z.string(),
  sourceVmId: z.string(),
  vmName: z.string(),
  applianceId: z.string(),
  requestId: z.string(),
  /** the VM in CloudStack; `id` from its deploy on */
  failoverVm: z.object({ id: z.string().optional(), name: z.string() }).optional(),
  /** what happens to the VM as a whole */
  vmStep: z.object({
    step: z.string(),
    attempt: z.int(),
    undosOwed: z.array(z.string()),
    lastFailure: failureRecordSchema.optional(),
    nextTryAt: z.string().optional(),
  }),
  disks: z.array(failoverDiskStateSchema),
  /** the recovery point that it works from, or that it took */
  pointId: z.string().optional(),
  /** a live failover beyond it is never taken back by machine */
  pointOfNoReturn: z.enum(['ahead', 'asked', 'passed']),
  /** a test: when the sandbox will be removed (ISO), and whether the reminder was given */
  leaseUntil: z.string().optional(),
  reminded: z.boolean(),
  startedAt: z.string(),
  /** when the failover VM was up, or the replicas were in their place */
  readyAt: z.string().optional(),
  endedAt: z.string().optional(),
  cancelWish: z.boolean(),
  /** what the request overrode, for the log */
  overridden: z.array(z.string()),
  lastFailure: failureRecordSchema.optional(),
  leftovers: z.array(z.string()),
});
export type FailoverState = z.output<typeof failoverStateSchema>;

/** How a run that completed ended; the others fail with the cause. */
export const failoverResultSchema = z.object({
  state: z.enum(['ended', 'failed_over', 'returned', 'reverted', 'cancelled']),
  kind: failoverKindSchema,
  failoverVm: z.object({ id: z.string().optional(), name: z.string() }).optional(),
  pointId: z.string().optional(),
  disks: z.array(
    z.object({
      key: z.int(),
      boot: z.boolean(),
      volumeId: z.string().optional(),
      devicePath: z.string().optional(),
      deviceId: z.int().optional(),
    }),
  ),
  kept: z.array(z.string()),
  startedAt: z.string(),
  readyAt: z.string().optional(),
  endedAt: z.string(),
});
export type FailoverResult = z.output<typeof failoverResultSchema>;

/** What the `state` query of failOverGroup answers. */
export const failoverGroupStateSchema = z.object({
  name: z.string(),
  phase: z.enum(['running', 'pausing', 'ready', 'undoing', 'done', 'failed']),
  stage: z.int(),
  members: z.array(
    z.object({
      vm: z.string(),
      vmName: z.string(),
      workflowId: z.string(),
      stage: z.int(),
      outcome: z.enum(['waiting', 'running', 'ready', 'ended', 'failed', 'undone', 'not-begun']),
      failure: z.string().optional(),
    }),
  ),
  startedAt: z.string(),
  endedAt: z.string().optional(),
});
export type FailoverGroupState = z.output<typeof failoverGroupStateSchema>;
