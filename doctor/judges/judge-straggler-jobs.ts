import { type Finding, finding } from '../../domain/findings';
import type { View } from '../view';

/** Jobs that are pending on a volume of ours, though no unfinished operation waits for them. */
export function judgeStragglerJobs(view: View): Finding[] {
  if (view.holdings === undefined || !view.hasRead('volume_operations')) return [];
  const { site, rows } = view;
  const waitedFor = new Set(
    rows.volume_operations.filter(({ state }) => state === 'recorded').map(({ volumeId, jobId }) => volumeId ?? jobId),
  );
  return view.holdings.volumes.flatMap(({ id: volumeId, name: volumeName, jobid: jobId, jobstatus }) => {
    if (jobId === undefined || jobstatus !== 0) return [];
    if (!view.isOurs(volumeId) && !view.mapped.has(volumeId)) return [];
    if (waitedFor.has(volumeId) || waitedFor.has(jobId) || view.isMoving(volumeId)) return [];
    return [
      finding('straggler-job', { site, subject: jobId, owner: view.vmOf(volumeId) }, { jobId, volumeId, volumeName }),
    ];
  });
}
