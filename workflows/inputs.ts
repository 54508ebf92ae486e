import { z } from 'zod';
import { siteNameSchema, sourceIdSchema, uuidSchema } from '../domain/identifiers';
import { replicationRequestSchema } from '../domain/request';

/** What the workflows are started with; parsed again where they begin. */

export const replicateVmInputSchema = z.object({
  /** the request with its requestId and all defaults */
  request: replicationRequestSchema.safeExtend({ requestId: uuidSchema }),
  requestDigest: z.string().min(1),
  /** whether Diskferry's search attributes are registered: upserting an unregistered one blocks a workflow for ever */
  searchAttributes: z.boolean(),
});
export type ReplicateVmInput = z.input<typeof replicateVmInputSchema>;

export const releaseVmInputSchema = z.object({
  vm: z.object({
    site: siteNameSchema,
    sourceId: sourceIdSchema,
    sourceVmId: uuidSchema,
    vmName: z.string().min(1),
    applianceId: uuidSchema,
  }),
  /** volumes to delete, each named by its uuid; the others are kept */
  deleteVolumes: z.array(uuidSchema).default([]),
  searchAttributes: z.boolean(),
});
export type ReleaseVmInput = z.input<typeof releaseVmInputSchema>;

export const planReplicationInputSchema = z.object({ request: replicationRequestSchema });
export type PlanReplicationInput = z.input<typeof planReplicationInputSchema>;
