import { DiskferryFailure } from '../domain/failures';

/** One thing that a worker needs, measured whenever somebody asks. */
export interface Check {
  /** such as `database`, `queue diskferry`, `cloudstack qc`, `exports ID` */
  readonly name: string;
  /** its kind: the label of the metric, of which there are few */
  readonly kind: CheckKind;
  /** what to do when it fails, unless the failure itself says that */
  readonly next: string;
  /** Resolves with what was seen; throws what is wrong. */
  readonly measure: () => Promise<string>;
}

export const checkKinds = ['database', 'temporal', 'polling', 'cloudstack', 'folders', 'exports'] as const;
export type CheckKind = (typeof checkKinds)[number];

/**
 * Without these a worker can take no work at all. The others make work wait, visibly: CloudStack or an export server that is away is
 * no reason to take a worker out of service, and starting it again would not help.
 */
export const kindsNeeded: ReadonlySet<CheckKind> = new Set(['database', 'temporal', 'polling']);

export interface CheckResult {
  readonly name: string;
  readonly kind: CheckKind;
  readonly ok: boolean;
  /** what was seen, or what is wrong */
  readonly evidence: string;
  /** what to do; only where it is not ok */
  readonly next?: string;
  readonly milliseconds: number;
}

const LONGEST_MS = 5_000;

/** Measures everything side by side; what does not answer within 5 s counts as wrong. Never throws. */
export async function measureAll(checks: readonly Check[], longestMs = LONGEST_MS): Promise<CheckResult[]> {
  return await Promise.all(checks.map((check) => measureOne(check, longestMs)));
}

async function measureOne({ name, kind, next, measure }: Check, longestMs: number): Promise<CheckResult> {
  const began = performance.now();
  const took = () => Math.round(performance.now() - began);
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no answer within ${String(longestMs / 1000)} s`));
      }, longestMs);
    });
    const evidence = await Promise.race([measure(), late]);
    return { name, kind, ok: true, evidence, milliseconds: took() };
  } catch (error) {
    const evidence = error instanceof Error ? error.message : String(error);
    const own = error instanceof DiskferryFailure ? error.record.next : next;
    return { name, kind, ok: false, evidence, next: own, milliseconds: took() };
  } finally {
    clearTimeout(timer);
  }
}
