import { finalFailoverPhases } from '../../domain/failover-phases';
import { type Finding, finding } from '../../domain/findings';
import { vmPathOfWorkflowId } from '../../domain/names';
import { finalPhases } from '../../domain/phases';
import { type RecordedRun, SILENT_AFTER_MS } from '../run-activity';
import type { OpenRun } from '../truths';
import type { View } from '../view';

/** A run records itself with its first steps; before that it may look as if the database knew nothing of it. */
const FIRST_STEPS_MS = 120_000;

const final: ReadonlySet<string> = new Set([...finalPhases, ...finalFailoverPhases]);
const waitsForPeople: ReadonlySet<string> = new Set(['needs_attention', 'held']);

/** Runs that Temporal and the tables do not agree on, that make no progress, or that wait for a decision. */
export function judgeRuns(view: View): Finding[] {
  return [
    ...(view.temporal?.openRuns ?? []).flatMap((run) => judgeOpenRun(view, run)),
    ...view.runs.recorded.flatMap((run) => judgeRecordedRun(view, run)),
  ];
}

function judgeOpenRun(view: View, { workflowId, runId, firstRunId, since: when }: OpenRun): Finding[] {
  const vm = vmPathOfWorkflowId(workflowId);
  if (vm?.startsWith(`${view.site}/`) !== true || view.now - Date.parse(when) < FIRST_STEPS_MS) return [];
  const missing = whatIsMissing(view, workflowId, firstRunId, vm);
  if (missing === undefined) return [];
  const about = { site: view.site, subject: workflowId, owner: workflowId };
  return [finding('workflow-without-record', about, { workflowId, runId, when, missing, vm })];
}

function whatIsMissing(view: View, workflowId: string, firstRunId: string, vm: string): string | undefined {
  const kind = workflowId.slice(0, workflowId.indexOf('/'));
  if (kind === 'replicate-vm' || kind === 'fail-over-vm' || kind === 'fail-back-vm' || kind === 'revert-vm') {
    const table = kind === 'replicate-vm' ? 'replication_jobs' : 'failovers';
    if (!view.hasRead(table) || view.runs.recorded.some(({ row }) => row.firstRunId === firstRunId)) return undefined;
    return `${table} has no row of it`;
  }
  if (!view.hasRead('vm_claims')) return undefined;
  const claims = view.rows.vm_claims.filter((row) => row.workflowId === workflowId);
  return claims.length > 0 ? undefined : `vm_claims does not name it as the holder of VM ${vm}`;
}

function judgeRecordedRun(view: View, { what, vm, row }: RecordedRun): Finding[] {
  const { phase, workflowId, firstRunId, endedAt, updatedAt: when } = row;
  if (endedAt !== undefined || final.has(phase)) return [];
  const about = { site: view.site, subject: firstRunId, owner: workflowId };
  const open = view.runs.isOpen(workflowId, firstRunId);
  if (open === undefined) return [];
  if (!open) {
    const ended = view.runs.endOf(workflowId, firstRunId);
    return ended === undefined ? [] : [finding('job-without-workflow', about, { what, vm, phase, when, ended })];
  }
  if (waitsForPeople.has(phase)) {
    const reason = row.reason ?? 'no reason is recorded';
    return [finding('needs-attention', about, { what, vm, phase, when, reason })];
  }
  const lastSign = view.runs.lastSignOf(vm);
  if (phase === 'paused' || phase === 'running' || phase === 'awaiting_confirmation') return [];
  if (view.now - lastSign < SILENT_AFTER_MS) return [];
  return [finding('job-stuck', about, { what, vm, phase, when: new Date(lastSign).toISOString() })];
}
