import { z } from 'zod';
import { applianceSightSchema } from './doctor-io';
import { bytesSchema, diskKeySchema, uuidSchema } from './identifiers';
import { vmRefSchema, volumeRefSchema } from './step-io';

/** What a repair may do: the activities of the workflows, and four of its own. */
export const repairActNameSchema = z.enum([
  'closeExport',
  'unmapDevice',
  'detachVolume',
  'confirmDeviceGone',
  /** as the undo of the run that made the volume: only if no copy ever began on it */
  'deleteVolume',
  /** resolveDevice, then mapDevice */
  'mapAgain',
  'settleOperation',
  'closeOlderOperation',
  'endRecord',
  'adoptVolume',
  /** deletes the one volume that was named, whatever it holds */
  'deleteNamed',
  /** only of points that count no more */
  'prunePoints',
]);

/** One act of a plan. */
export const repairActSchema = z.object({
  act: repairActNameSchema,
  /** for people: what it does, to which thing */
  says: z.string(),
  applianceId: uuidSchema.optional(),
  diskKey: diskKeySchema.optional(),
  volumeId: uuidSchema.optional(),
  volumeBytes: bytesSchema.optional(),
  cloudStackDeviceId: z.int().optional(),
  /** the run that made what is taken back, and its attempt */
  firstRunId: z.string().optional(),
  attempt: z.int().min(1).optional(),
  operationId: z.string().optional(),
});
export type RepairAct = z.output<typeof repairActSchema>;

/** What is to be done about one finding; `refused` says why nothing is. */
export const repairPlanSchema = z.object({
  findingId: z.string(),
  title: z.string(),
  /** `{site}/{source id}/{source VM id}`; undefined where nobody knows whose it is */
  vm: z.string().optional(),
  vmName: z.string().optional(),
  applianceId: uuidSchema.optional(),
  acts: z.array(repairActSchema),
  refused: z.string().optional(),
});
export type RepairPlan = z.output<typeof repairPlanSchema>;

export const planRepairInputSchema = vmRefSchema.extend({
  findingId: z.string(),
  /** an operator named this very finding */
  named: z.boolean(),
  /** what the appliances of the plan show now */
  sights: z.array(applianceSightSchema),
});
export type PlanRepairInput = z.output<typeof planRepairInputSchema>;
/** `plan` is undefined when the finding is not there any more. */
export const planRepairOutputSchema = z.object({ plan: repairPlanSchema.optional() });
export type PlanRepairOutput = z.output<typeof planRepairOutputSchema>;

/** Input of settleOperation: the volume, and the unfinished operation on it. */
export const settleOperationInputSchema = volumeRefSchema.extend({ operationId: z.string() });
export type SettleOperationInput = z.output<typeof settleOperationInputSchema>;

/** Input of closeOlderOperation: the volume, and the adopted operation on it. */
export const closeOlderOperationInputSchema = settleOperationInputSchema;
export type CloseOlderOperationInput = z.output<typeof closeOlderOperationInputSchema>;

/** Input of adoptVolume: a volume of ours that no row takes for there. */
export const adoptVolumeInputSchema = volumeRefSchema;
export type AdoptVolumeInput = z.output<typeof adoptVolumeInputSchema>;

/** Input of endRecord: the first run id of the run whose row is to be ended. */
export const endRecordInputSchema = vmRefSchema.extend({ ofRunId: z.string().min(1) });
export type EndRecordInput = z.output<typeof endRecordInputSchema>;

/** How the repair of one finding ended. */
export const repairOutcomeSchema = z.object({
  findingId: z.string(),
  outcome: z.enum(['mended', 'gone-already', 'refused', 'failed']),
  /** what was done, one sentence each */
  done: z.array(z.string()),
  /** what was kept and why, or why nothing was done */
  reason: z.string().optional(),
});
export type RepairOutcome = z.output<typeof repairOutcomeSchema>;

export const repairResultSchema = z.object({ outcomes: z.array(repairOutcomeSchema) });
export type RepairResult = z.output<typeof repairResultSchema>;
