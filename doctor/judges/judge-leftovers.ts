import { type Finding, finding } from '../../domain/findings';
import type { RecordedRun } from '../run-activity';
import { placeOf, type View } from '../view';

/** Volumes of runs that an operator gave up, and that are still there. */
export function judgeLeftovers(view: View): Finding[] {
  if (view.holdings === undefined) return [];
  return view.runs.recorded.filter(({ row }) => row.phase === 'abandoned').flatMap((run) => judgeRun(view, run));
}

function judgeRun(view: View, { what, vm, row }: RecordedRun): Finding[] {
  const made = [
    ...view.rows.volumes.filter((volume) => volume.createdByFirstRunId === row.firstRunId),
    ...view.rows.test_volumes.filter((volume) => volume.firstRunId === row.firstRunId),
  ];
  return made.flatMap(({ volumeId, goneAt }) => {
    const volume = view.listed.get(volumeId);
    const verified = view.records.get(volumeId)?.verifiedHash !== undefined;
    if (goneAt !== undefined || volume === undefined || verified || view.runs.isMoving(vm)) return [];
    return [
      finding(
        'abandoned-leftovers',
        { site: view.site, subject: volumeId, owner: row.workflowId },
        { what, vm, when: row.endedAt ?? row.updatedAt, volumeId, where: placeOf(volume) },
      ),
    ];
  });
}
