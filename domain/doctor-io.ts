import { z } from 'zod';
import { bytesSchema, siteNameSchema, uuidSchema } from './identifiers';

/** What doctor's activities are asked and answer: plain JSON, parsed again where it arrives. */

export const inspectApplianceInputSchema = z.object({ site: siteNameSchema, applianceId: uuidSchema });
export type InspectApplianceInput = z.output<typeof inspectApplianceInputSchema>;

/** A disk as the appliance's kernel shows it. */
export const seenDiskSchema = z.object({
  /** kernel name: `vdc` */
  name: z.string(),
  serial: z.string().optional(),
  sizeBytes: bytesSchema.optional(),
  /** what sits on the disk or its partitions: device mapper, md */
  holders: z.array(z.string()),
});
export type SeenDisk = z.output<typeof seenDiskSchema>;

/** A by-id link whose name ends in a serial of our form, and the disk that it leads to. */
export const seenLinkSchema = z.object({
  /** the whole path, as mappings hold it */
  node: z.string(),
  /** kernel name of the disk; undefined when it leads nowhere */
  disk: z.string().optional(),
});

/** What one appliance shows: a look that changes nothing there. */
export const applianceSightSchema = z.object({
  applianceId: uuidSchema,
  /** the appliance's clock, as an ISO time */
  clock: z.string(),
  disks: z.array(seenDiskSchema),
  links: z.array(seenLinkSchema),
  /** volume ids of the export links */
  exports: z.array(uuidSchema),
  /** why nbdkit does not answer; undefined when it does */
  exportServerSilent: z.string().optional(),
});
export type ApplianceSight = z.output<typeof applianceSightSchema>;

/** What an appliance showed, or why it did not answer. */
export const inspectionSchema = z.union([
  z.object({ applianceId: uuidSchema, sight: applianceSightSchema }),
  z.object({ applianceId: uuidSchema, cause: z.string() }),
]);
export type Inspection = z.output<typeof inspectionSchema>;

export const examineSiteInputSchema = z.object({ site: siteNameSchema });
export type ExamineSiteInput = z.output<typeof examineSiteInputSchema>;

/** What a scheduled look of doctor leaves in the result of its workflow: how much was found, and where to look further. */
export const doctorSummarySchema = z.object({
  /** when the look began, as an ISO time */
  at: z.string(),
  findings: z.object({ critical: z.int(), error: z.int(), warning: z.int(), info: z.int() }),
  /** ids of the gravest few, as `diskferry doctor` shows them */
  gravest: z.array(z.string()),
  /** what was not compared, and why: one sentence each */
  notCompared: z.array(z.string()),
});
export type DoctorSummary = z.output<typeof doctorSummarySchema>;
