import { type Finding, finding } from '../../domain/findings';
import { OLDER_OWNER, sourceVmPath, vmPathOfWorkflowId } from '../../domain/names';
import { unverifiedDisks } from '../../domain/verified';
import { judgeSnapshot } from '../../site/judge-snapshot';
import type { View } from '../view';

/** VMs whose replicas are torn, and recovery points that are missing, worth nothing or left over. */
export function judgeRecovery(view: View): Finding[] {
  return [...judgeTorn(view), ...judgeSnapshots(view), ...judgeLeftPoints(view)];
}

function judgeTorn(view: View): Finding[] {
  if (!view.hasRead('vm_disks', 'volumes')) return [];
  const { site, rows } = view;
  const failedOver = new Set(rows.live_failovers.map(sourceVmPath));
  const open = new Set((view.temporal?.openRuns ?? []).map(({ workflowId }) => vmPathOfWorkflowId(workflowId)));
  const complete = new Set(rows.recovery_points.filter(({ state }) => state === 'complete').map(sourceVmPath));
  const disksOf = new Map<string, (typeof rows.vm_disks)[number][]>();
  for (const disk of rows.vm_disks) {
    const vm = sourceVmPath(disk);
    disksOf.set(vm, [...(disksOf.get(vm) ?? []), disk]);
  }
  return [...disksOf].flatMap(([vm, disks]) => {
    if (failedOver.has(vm) || open.has(vm) || view.runs.isMoving(vm)) return [];
    // an empty volume was never written: there is nothing to tear
    const written = disks.filter(({ volumeId }) => view.records.get(volumeId)?.copyBegun === true);
    const torn = unverifiedDisks(
      written,
      written.flatMap(({ volumeId }) => view.records.get(volumeId) ?? []),
    );
    if (torn.length === 0) return [];
    const about = { site, subject: vm, owner: vm };
    const diskKeys = torn.join(', ');
    if (written.filter(({ diskKey }) => torn.includes(diskKey)).every(({ volumeId }) => isAsAdopted(view, volumeId))) {
      return [finding('adopted-unverified', about, { vm, diskKeys })];
    }
    return [
      finding('torn-vm', about, { vm, diskKeys }),
      ...(complete.has(vm) || !view.hasRead('recovery_points')
        ? []
        : [finding('recovery-point-missing', about, { vm, diskKeys })]),
    ];
  });
}

/** Adopted, and nothing of ours ever began to write it: what it holds is the older system's, torn or not. */
function isAsAdopted({ records, rows }: View, volumeId: string): boolean {
  const begun = rows.copy_progress.some((row) => row.volumeId === volumeId);
  return records.get(volumeId)?.createdByWorkflowId === OLDER_OWNER && !begun;
}

function judgeSnapshots(view: View): Finding[] {
  const snapshots = view.holdings?.snapshots;
  if (snapshots === undefined) return [];
  const listed = new Map(snapshots.map((snapshot) => [snapshot.id, snapshot]));
  const complete = new Map(
    view.rows.recovery_points.filter(({ state }) => state === 'complete').map((point) => [point.id, point]),
  );
  return view.rows.recovery_point_snapshots.flatMap(({ pointId, diskKey, snapshotId }) => {
    const point = complete.get(pointId);
    if (point === undefined || view.runs.isMoving(sourceVmPath(point))) return [];
    const snapshot = snapshotId === undefined ? undefined : listed.get(snapshotId);
    if (judgeSnapshot(snapshot) === 'backed-up') return [];
    return [
      finding(
        'recovery-point-broken',
        { site: view.site, subject: `${pointId}/${String(diskKey)}`, owner: sourceVmPath(point) },
        {
          pointId,
          vm: sourceVmPath(point),
          diskKey,
          snapshotId: snapshotId ?? 'no id',
          state: snapshot === undefined ? 'not listed' : `in state ${snapshot.state}`,
        },
      ),
    ];
  });
}

/** Points that a run was to remove and could not, or left while it took them; the run that is at it is work in progress. */
function judgeLeftPoints(view: View): Finding[] {
  if (!view.hasRead('recovery_points', 'recovery_point_snapshots') || view.temporal === undefined) return [];
  const { site, rows, temporal } = view;
  return rows.recovery_points.flatMap((point) => {
    const { id: pointId, state, firstRunId } = point;
    const vm = sourceVmPath(point);
    const counts = state !== 'removing' && state !== 'taking';
    const taking = state === 'taking' && temporal.openRuns.some((run) => run.firstRunId === firstRunId);
    if (counts || taking || view.runs.isMoving(vm)) return [];
    const left = rows.recovery_point_snapshots
      .filter((snapshot) => snapshot.pointId === pointId && snapshot.goneAt === undefined)
      .map(({ diskKey, snapshotId }) => `disk ${String(diskKey)} (snapshot ${snapshotId ?? 'not known'})`);
    const about = { site, subject: pointId, owner: vm };
    const words = state === 'removing' ? 'it is being removed' : 'it was never complete';
    return [
      finding('recovery-point-left', about, { pointId, vm, state: words, left: left.join(', ') || 'only its row' }),
    ];
  });
}
