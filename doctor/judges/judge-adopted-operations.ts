import type { SurveyRow } from '../../database/survey-rows';
import { type Finding, finding } from '../../domain/findings';
import { sourceVmPath } from '../../domain/names';
import { placeOf, type View } from '../view';

/** Operations that the older installation left failed or unfinished, and that nothing of ours has settled since. */
export function judgeAdoptedOperations(view: View): Finding[] {
  return view.rows.adopted_operations.flatMap((row) => judge(view, row));
}

function judge(view: View, row: SurveyRow<'adopted_operations'>): Finding[] {
  const { id: operationId, kind, volumeId, diskKey, olderStatus } = row;
  const vm = sourceVmPath(row);
  if (view.runs.isMoving(vm) || view.records.get(volumeId)?.verifiedHash !== undefined) return [];
  const evidence = [
    `adopted_operations: ${kind}, left ${olderStatus} by the older installation`,
    ...(view.holdings === undefined ? [] : [`CloudStack: ${placeOf(view.listed.get(volumeId))}`]),
  ];
  const about = { site: view.site, subject: operationId, owner: vm, evidence };
  const what = `${kind} of volume ${volumeId}, disk ${String(diskKey)}`;
  const when = row.olderAt ?? 'a time that is not known';
  if (olderStatus === 'failed') {
    const cause = row.error ?? 'no cause is recorded';
    return [finding('failed-operation', about, { operationId, what, vm, when, cause })];
  }
  const why = 'the older installation, whose it is, ends it no more';
  return [finding('stuck-operation', about, { operationId, what, vm, when, why })];
}
