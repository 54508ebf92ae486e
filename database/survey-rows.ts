import { z } from 'zod';
import type { Tables } from './schema';

/**
 * What the rows of each table must be for doctor to compare them. Texts are taken as they are where nothing follows from their form:
 * a row that doctor cannot read is a finding, and one that it reads too strictly would hide what is wrong with it.
 */

const text = z.string();
const id = z.string().min(1);
const count = z.int().min(0);
const time = z.string().min(1);
const maybe = <S extends z.ZodType>(schema: S) => schema.nullable().transform((value) => value ?? undefined);

const sourceVm = { site: id, sourceId: id, sourceVmId: id } as const;
const run = { workflowId: id, firstRunId: id } as const;

export const surveySchemas = {
  device_mappings: z.object({
    id: count,
    devicePath: id,
    vmId: id,
    volumeUuid: id,
    deviceNode: maybe(text),
    role: text,
    sizeBytes: count,
    ownerWorkflowId: text,
    createdAt: time,
  }),
  volumes: z.object({
    ...sourceVm,
    volumeId: id,
    volumeName: text,
    diskKey: count,
    sizeBytes: count,
    createdByWorkflowId: text,
    createdByFirstRunId: text,
    copyBegun: z.boolean(),
    generation: count,
    verifiedHash: maybe(text),
    goneAt: maybe(time),
    keptBecause: maybe(text),
  }),
  test_volumes: z.object({ ...sourceVm, volumeId: id, firstRunId: id, goneAt: maybe(time) }),
  vm_disks: z.object({ ...sourceVm, diskKey: count, volumeId: id, boot: z.boolean() }),
  volume_operations: z.object({
    ...sourceVm,
    ...run,
    seq: count,
    id,
    kind: id,
    diskKey: count,
    attempt: count,
    volumeId: maybe(text),
    vmId: maybe(text),
    jobId: maybe(text),
    state: z.enum(['recorded', 'done', 'failed']),
    failure: maybe(text),
    runId: id,
    createdAt: time,
    updatedAt: time,
  }),
  vm_operations: z.object({
    ...sourceVm,
    ...run,
    id,
    kind: id,
    failoverVmId: maybe(text),
    failoverVmName: text,
    state: z.enum(['recorded', 'done', 'failed']),
    runId: id,
    createdAt: time,
    updatedAt: time,
  }),
  adopted_operations: z.object({
    ...sourceVm,
    id,
    kind: id,
    diskKey: count,
    volumeId: id,
    vmId: maybe(text),
    olderStatus: z.enum(['failed', 'pending', 'executing']),
    error: maybe(text),
    olderAt: maybe(time),
  }),
  nbd_exports: z.object({
    volumeId: id,
    exportName: id,
    applianceId: id,
    deviceNode: text,
    state: text,
    ownerWorkflowId: text,
  }),
  copy_progress: z.object({ volumeId: id, updatedAt: time }),
  appliance_slots: z.object({ ...sourceVm, applianceId: id, diskKey: count, ownerWorkflowId: text }),
  replication_jobs: z.object({
    ...sourceVm,
    ...run,
    vmName: text,
    applianceId: id,
    phase: id,
    reason: maybe(text),
    startedAt: time,
    updatedAt: time,
    endedAt: maybe(time),
  }),
  failovers: z.object({
    ...sourceVm,
    ...run,
    kind: id,
    vmName: text,
    applianceId: id,
    phase: id,
    reason: maybe(text),
    failoverVmId: maybe(text),
    startedAt: time,
    updatedAt: time,
    endedAt: maybe(time),
  }),
  live_failovers: z.object({ ...sourceVm, failoverVmId: id, failoverVmName: text, since: time }),
  vm_claims: z.object({ ...sourceVm, kind: maybe(text), workflowId: maybe(text), runId: maybe(text), epoch: count }),
  vm_test_claims: z.object({ ...sourceVm, workflowId: maybe(text), runId: maybe(text), epoch: count }),
  recovery_points: z.object({
    ...sourceVm,
    id,
    purpose: text,
    state: id,
    firstRunId: id,
    createdAt: time,
    goneAt: maybe(time),
  }),
  recovery_point_snapshots: z.object({
    pointId: id,
    diskKey: count,
    volumeId: id,
    snapshotId: maybe(text),
    goneAt: maybe(time),
  }),
} as const satisfies Partial<Record<keyof Tables, z.ZodType>>;

export type SurveyedTable = keyof typeof surveySchemas;
export type SurveyRow<T extends SurveyedTable> = z.output<(typeof surveySchemas)[T]>;

/** `device_path` → `devicePath`. */
export function camelKeys(row: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value as unknown,
    ]),
  );
}
