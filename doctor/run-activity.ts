import type { Survey } from '../database/survey';
import type { SurveyRow } from '../database/survey-rows';
import { sourceVmPath, vmPathOfWorkflowId } from '../domain/names';
import { type OpenRun, runKey, type TemporalSight } from './truths';

/** How long a run may record nothing before it counts as stuck. The older system's operators warned after half an hour. */
export const SILENT_AFTER_MS = 30 * 60_000;

/** Phases in which a run waits for people or for its lease, and changes nothing. */
const quietPhases: ReadonlySet<string> = new Set([
  'paused',
  'held',
  'needs_attention',
  'running',
  'awaiting_confirmation',
]);

/** A run as the tables show it: of `replication_jobs` or of `failovers`. */
export interface RecordedRun {
  readonly what: string;
  readonly vm: string;
  readonly row: SurveyRow<'replication_jobs'> | SurveyRow<'failovers'>;
}

/** What is known of the runs of each VM. */
export interface RunActivity {
  readonly recorded: readonly RecordedRun[];
  /**
   * Whether a run may be changing the VM's volumes at this moment: then what disagrees is work in progress. A run that waits for people,
   * or has recorded nothing for long, is not at work.
   */
  isMoving(vm: string): boolean;
  /** Whether a run is open; undefined where Temporal is not known. */
  isOpen(workflowId: string, runId: string): boolean | undefined;
  /** How a run ended, in words; undefined while it is open or not known. */
  endOf(workflowId: string, runId: string): string | undefined;
  /** When the VM's runs recorded anything last (milliseconds); 0 when never. */
  lastSignOf(vm: string): number;
}

export function runActivity(rows: Survey['rows'], temporal: TemporalSight | undefined, now: number): RunActivity {
  const recorded = [
    ...rows.replication_jobs.map((row) => ({ what: 'The replication', vm: sourceVmPath(row), row })),
    ...rows.failovers.map((row) => ({ what: `The ${kindWords[row.kind] ?? 'failover'}`, vm: sourceVmPath(row), row })),
  ];
  const lastSigns = lastSignsOf(rows, recorded);
  const lastSignOf = (vm: string): number => lastSigns.get(vm) ?? 0;
  const openByVm = groupByVm(temporal?.openRuns ?? []);
  const claimed = new Set([...rows.vm_claims, ...rows.vm_test_claims].map(sourceVmPath));
  const openKeys = new Set(
    (temporal?.openRuns ?? []).flatMap((run) => [
      runKey(run.workflowId, run.runId),
      runKey(run.workflowId, run.firstRunId),
    ]),
  );
  const phases = new Map(recorded.map(({ row }) => [runKey(row.workflowId, row.firstRunId), row.phase]));
  const isAtWork = (vm: string, run: OpenRun): boolean => {
    const phase = phases.get(runKey(run.workflowId, run.firstRunId));
    if (phase === undefined) return now - Date.parse(run.since) < SILENT_AFTER_MS;
    return !quietPhases.has(phase) && now - lastSignOf(vm) < SILENT_AFTER_MS;
  };
  return {
    recorded,
    lastSignOf,
    isMoving: (vm) =>
      temporal === undefined
        ? claimed.has(vm) && now - lastSignOf(vm) < SILENT_AFTER_MS
        : (openByVm.get(vm) ?? []).some((run) => isAtWork(vm, run)),
    isOpen: (workflowId, runId) => (temporal === undefined ? undefined : openKeys.has(runKey(workflowId, runId))),
    endOf: (workflowId, runId) => temporal?.ends.get(runKey(workflowId, runId))?.words,
  };
}

const kindWords: Readonly<Record<string, string>> = {
  test: 'test failover',
  live: 'live failover',
  failback: 'failback',
  revert: 'revert',
};

function lastSignsOf(rows: Survey['rows'], recorded: readonly RecordedRun[]): Map<string, number> {
  const vmOfVolume = new Map(rows.volumes.map((row) => [row.volumeId, sourceVmPath(row)]));
  const signs = new Map<string, number>();
  const see = (vm: string | undefined, at: string): void => {
    if (vm !== undefined) signs.set(vm, Math.max(signs.get(vm) ?? 0, Date.parse(at)));
  };
  for (const { vm, row } of recorded) see(vm, row.updatedAt);
  for (const row of rows.volume_operations) see(sourceVmPath(row), row.updatedAt);
  for (const row of rows.vm_operations) see(sourceVmPath(row), row.updatedAt);
  for (const row of rows.copy_progress) see(vmOfVolume.get(row.volumeId), row.updatedAt);
  return signs;
}

function groupByVm(runs: readonly OpenRun[]): Map<string, OpenRun[]> {
  const groups = new Map<string, OpenRun[]>();
  for (const run of runs) {
    const vm = vmPathOfWorkflowId(run.workflowId);
    if (vm !== undefined) groups.set(vm, [...(groups.get(vm) ?? []), run]);
  }
  return groups;
}
