import { z } from 'zod';
import {
  failBackRequestSchema,
  failoverGroupRequestSchema,
  failoverRequestSchema,
  revertRequestSchema,
} from '../domain/failover-request';
import { siteNameSchema, sourceIdSchema, uuidSchema } from '../domain/identifiers';
import { replicationRequestSchema } from '../domain/request';

/** What the workflows are started with; parsed again where they begin. */

/** A source VM with the appliance that has its replicas. */
const vmOnApplianceSchema = z.object({
  site: siteNameSchema,
  sourceId: sourceIdSchema,
  sourceVmId: uuidSchema,
  vmName: z.string().min(1),
  applianceId: uuidSchema,
});

export const replicateVmInputSchema = z.object({
  /** the request with its requestId and all defaults */
  request: replicationRequestSchema.safeExtend({ requestId: uuidSchema }),
  requestDigest: z.string().min(1),
  /** whether Diskferry's search attributes are registered: upserting an unregistered one blocks a workflow for ever */
  searchAttributes: z.boolean(),
});
export type ReplicateVmInput = z.input<typeof replicateVmInputSchema>;

export const releaseVmInputSchema = z.object({
  vm: vmOnApplianceSchema,
  /** volumes to delete, each named by its uuid; the others are kept */
  deleteVolumes: z.array(uuidSchema).default([]),
  /** also removes the VM's recovery points; only where none of its volumes stays */
  deletePoints: z.boolean().default(false),
  searchAttributes: z.boolean(),
});
export type ReleaseVmInput = z.input<typeof releaseVmInputSchema>;

export const planReplicationInputSchema = z.object({ request: replicationRequestSchema });
export type PlanReplicationInput = z.input<typeof planReplicationInputSchema>;

/** What every failover workflow is started with beside its request. */
const startShape = {
  requestDigest: z.string().min(1),
  searchAttributes: z.boolean(),
} as const;
const withRequestId = { requestId: uuidSchema };

/** failOverVm: the request with its requestId and all defaults. */
export const failOverVmInputSchema = z.object({
  request: failoverRequestSchema.and(z.object(withRequestId)),
  ...startShape,
});
export type FailOverVmInput = z.input<typeof failOverVmInputSchema>;

export const failBackVmInputSchema = z.object({
  request: failBackRequestSchema.safeExtend(withRequestId),
  ...startShape,
});
export type FailBackVmInput = z.input<typeof failBackVmInputSchema>;

export const revertVmInputSchema = z.object({
  request: revertRequestSchema.safeExtend(withRequestId),
  ...startShape,
});
export type RevertVmInput = z.input<typeof revertVmInputSchema>;

/** failOverGroup: members whose request has no requestId get one; `memberDigests` has the digest of each member by its VM's path. */
export const failOverGroupInputSchema = z.object({
  request: failoverGroupRequestSchema,
  requestDigest: z.string().min(1),
  memberDigests: z.record(z.string(), z.string().min(1)),
  searchAttributes: z.boolean(),
});
export type FailOverGroupInput = z.input<typeof failOverGroupInputSchema>;

/** planFailOver (`--dry-run`): which of the four it is follows from the request. */
export const planFailOverInputSchema = z.object({
  request: z.union([failoverRequestSchema, failBackRequestSchema, revertRequestSchema]),
});
export type PlanFailOverInput = z.input<typeof planFailOverInputSchema>;

/** inspectAppliances: the appliances whose queues somebody polls. */
export const inspectAppliancesInputSchema = z.object({ site: siteNameSchema, applianceIds: z.array(uuidSchema) });
export type InspectAppliancesInput = z.input<typeof inspectAppliancesInputSchema>;

/** repairVm: what is to be mended of one VM, in this order. */
export const repairVmInputSchema = z.object({
  vm: vmOnApplianceSchema,
  findings: z.array(z.object({ id: z.string().min(1), named: z.boolean(), applianceId: uuidSchema.optional() })).min(1),
});
export type RepairVmInput = z.input<typeof repairVmInputSchema>;
