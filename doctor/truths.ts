import type { Survey } from '../database/survey';
import type { ApplianceSight } from '../domain/doctor-io';
import type { SiteHoldings } from '../site/read-holdings';

/**
 * Everything that doctor judges of one site, as one plain value: what was read, and what could not be. Readers make it, the judges turn
 * it into findings without asking anybody, so that every kind of finding can be shown on a value alone.
 */
export interface Truths {
  /** this machine's clock when the reading began, as an ISO time */
  readonly at: string;
  readonly site: SiteFacts;
  readonly database: Truth<Survey>;
  readonly cloudStack: Truth<SiteHoldings>;
  /** by appliance id; an appliance whose queue nobody polls is not in it */
  readonly appliances: ReadonlyMap<string, Truth<SeenAppliance>>;
  readonly temporal: Truth<TemporalSight>;
}

/** What was read, or a sentence about why it could not be. */
export type Truth<T> = { readonly known: T } | { readonly unknown: string };

export function knownOf<T>(truth: Truth<T> | undefined): T | undefined {
  return truth !== undefined && 'known' in truth ? truth.known : undefined;
}

/** What an appliance answered, and when by this machine's clock (ISO time). */
export type SeenAppliance = ApplianceSight & { readonly answeredAt: string };

/** What the configuration says of the site. */
export interface SiteFacts {
  readonly name: string;
  readonly applianceIds: readonly string[];
  readonly recoveryPoints: number;
  /** of the sites that the configuration has beside this one */
  readonly otherApplianceIds: readonly string[];
}

/** What Temporal knows. */
export interface TemporalSight {
  /** runs of this system that were open when the reading began or ended */
  readonly openRuns: readonly OpenRun[];
  /** what Temporal said of each run that the tables name and that is not among the open ones, by {@link runKey} */
  readonly ends: ReadonlyMap<string, RunEnd>;
  /** task queues that the configuration asks for */
  readonly queues: readonly { readonly name: string; readonly polled: boolean }[];
  readonly missingSearchAttributes: readonly string[];
}

export interface OpenRun {
  readonly workflowId: string;
  readonly runId: string;
  /** of the chain that a reset or continue-as-new goes on with */
  readonly firstRunId: string;
  /** ISO time */
  readonly since: string;
}

/** In words that follow "its workflow": `was terminated at …`, `is not known to Temporal any more`. */
export interface RunEnd {
  readonly words: string;
}

export function runKey(workflowId: string, runId: string): string {
  return `${workflowId}#${runId}`;
}
