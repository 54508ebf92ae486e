import { z } from 'zod';
import type { DoctorSummary } from './doctor-io';
import { siteNameSchema } from './identifiers';

/** What the reconciliation of a site's job table with Temporal is given and gives back. */

export const reconcileSiteInputSchema = z.object({ site: siteNameSchema });
export type ReconcileSiteInput = z.output<typeof reconcileSiteInputSchema>;

export const reconcileJobsOutputSchema = z.object({
  /** rows that said their run goes on */
  looked: z.int(),
  corrected: z.array(
    z.object({
      workflowId: z.string(),
      firstRunId: z.string(),
      /** what the row said */
      was: z.string(),
      /** what it says now */
      phase: z.string(),
      reason: z.string(),
    }),
  ),
});
export type ReconcileJobsOutput = z.output<typeof reconcileJobsOutputSchema>;

/** What the schedule of a site came to; a doctor that failed says so in its place. */
export type ReconcileSiteOutput = ReconcileJobsOutput & {
  /** none in runs from before doctor was part of it */
  readonly doctor?: DoctorSummary | { readonly failed: string };
};

/** How a run ended, as Temporal tells it; `unknown to Temporal` beyond its retention. */
export interface RunEnd {
  readonly how: 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed out' | 'unknown to Temporal';
  /** what a completed run gave back */
  readonly result?: unknown;
  /** why it failed, for people */
  readonly cause?: string;
}
