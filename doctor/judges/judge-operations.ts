import type { SurveyRow } from '../../database/survey-rows';
import { type Finding, finding } from '../../domain/findings';
import { OLDER_OWNER, sourceVmPath } from '../../domain/names';
import { SILENT_AFTER_MS } from '../run-activity';
import { placeOf, type View } from '../view';

type Operation = SurveyRow<'volume_operations'>;

/** What such an operation leaves can be told by its volume; a failed snapshot leaves nothing on it. */
const leavesTraces: ReadonlySet<string> = new Set(['create', 'attach', 'detach', 'delete']);

/** Operations that failed for good, do not end, or whose run has ended before them. */
export function judgeOperations(view: View): Finding[] {
  const ofVolumes = view.rows.volume_operations.map((row) => ({
    row,
    what: `${row.kind} of ${row.volumeId === undefined ? 'a volume' : `volume ${row.volumeId}`}, disk ${String(row.diskKey)}`,
  }));
  const ofVms = view.rows.vm_operations.map((row) => ({ row, what: `${row.kind} of VM ${row.failoverVmName}` }));
  return [
    ...[...ofVolumes, ...ofVms].flatMap(({ row, what }) => judgeUnfinished(view, row, what)),
    ...ofVolumes.flatMap(({ row, what }) => judgeFailed(view, row, what)),
  ];
}

function judgeUnfinished(view: View, row: Operation | SurveyRow<'vm_operations'>, what: string): Finding[] {
  if (row.state !== 'recorded') return [];
  const { site } = view;
  const { id: operationId, workflowId, runId, firstRunId, createdAt: when } = row;
  const vm = sourceVmPath(row);
  const about = { site, subject: operationId, owner: workflowId };
  const open = view.runs.isOpen(workflowId, runId) === true || view.runs.isOpen(workflowId, firstRunId) === true;
  if (open) {
    if (view.now - Date.parse(row.updatedAt) < SILENT_AFTER_MS) return [];
    return [
      finding('stuck-operation', { ...about, repair: 'no' }, { operationId, what, vm, when, why: 'its run goes on' }),
    ];
  }
  const ended = view.runs.endOf(workflowId, runId);
  if (ended === undefined || view.runs.isMoving(vm)) return [];
  return [finding('operation-without-workflow', about, { operationId, what, vm, when, runId, ended })];
}

function judgeFailed(view: View, row: Operation, what: string): Finding[] {
  const vm = sourceVmPath(row);
  if (row.state !== 'failed' || view.runs.isMoving(vm) || cameRight(view, row)) return [];
  const { id: operationId, updatedAt: when, volumeId } = row;
  const volume = volumeId === undefined ? undefined : view.listed.get(volumeId);
  const evidence = [
    `volume_operations: ${row.kind}, run ${row.firstRunId}`,
    ...(volumeId === undefined || view.holdings === undefined ? [] : [`CloudStack: ${placeOf(volume)}`]),
  ];
  const cause = row.failure ?? 'no cause is recorded';
  return [
    finding(
      'failed-operation',
      { site: view.site, subject: operationId, owner: row.workflowId, evidence },
      { operationId, what, vm, when, cause },
    ),
  ];
}

/** Something later went well, or nothing of it is left that anybody would have to know. */
function cameRight(view: View, row: Operation): boolean {
  const disk = (other: Operation): boolean =>
    sourceVmPath(other) === sourceVmPath(row) && other.diskKey === row.diskKey;
  const later = view.rows.volume_operations.filter((other) => disk(other) && other.seq > row.seq);
  if (later.some(({ state }) => state === 'done')) return true;
  const record = row.volumeId === undefined ? undefined : view.records.get(row.volumeId);
  // Of an adopted volume the reason is the adoption's, not that of the run.
  const kept = record?.keptBecause !== undefined && record.createdByWorkflowId !== OLDER_OWNER;
  if (record?.verifiedHash !== undefined || kept) return true;
  // a run that has ended took back what it made, or said what it kept
  const run = view.runs.recorded.find((each) => each.row.firstRunId === row.firstRunId)?.row;
  if (run?.endedAt === undefined) return false;
  const left = row.volumeId !== undefined && view.listed.has(row.volumeId) && record?.goneAt === undefined;
  return !left || !leavesTraces.has(row.kind);
}
