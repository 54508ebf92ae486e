import { devicePath } from '../domain/device-path';
import { failoverDeviceIds } from '../domain/failover-request';
import { sourceVmPath } from '../domain/names';
import { formatBytes } from '../domain/sizes';
import { durationText } from './disk-progress';
import { kindOfRequest, plannedCalls, type PlannedCall } from './failover-calls';
import { disksOf, type PlannableRequest, type PlannedDisk, type PlannedFailover } from './failover-plan';
import { vmOfRequest } from './failover-requests';
import { deviceWords } from './failover-status-text';
import { leastSeconds } from './planned-time';
import { alsoOf } from './planned-words';

/** What a failover, a failback or a revert would do, for people and for `--json`. */
export interface ShownFailoverPlan {
  readonly kind: 'test' | 'live' | 'back' | 'revert';
  readonly vm: string;
  readonly vmName: string;
  readonly site: string;
  readonly zone: string;
  readonly cloudStackVersion: string;
  readonly disks: readonly ShownMove[];
  /** the recovery point that it works from */
  readonly pointId?: string;
  readonly pointTakenAt?: string;
  /** where the VM is failed over to, and how old its own writes are */
  readonly live?: { readonly failoverVmId: string; readonly failoverVmName: string; readonly since: string };
  /** what happens that is no call of CloudStack, in words, in its order */
  readonly also: readonly string[];
  /** in CloudStack's order; those of the disks of one stage go side by side */
  readonly calls: readonly PlannedCall[];
  /** snapshots take at most so much secondary storage */
  readonly snapshotBytes: number;
  /** CloudStack's jobs take at least so long, without the copying of bytes to secondary storage */
  readonly leastSeconds: number;
  readonly notes: readonly string[];
  readonly overridden: readonly string[];
}

/** One disk: which volume goes from where to where. */
interface ShownMove {
  readonly diskKey: number;
  readonly boot: boolean;
  readonly sizeBytes: number;
  readonly volumeId: string;
  readonly verified: boolean;
  readonly moves: string;
}

/** Puts request and what was found out together. Pure. */
export function shownFailoverPlan(request: PlannableRequest, planned: PlannedFailover): ShownFailoverPlan {
  const { plan, preflight } = planned;
  const calls = plannedCalls(request, planned);
  return {
    kind: kindOfRequest(request),
    vm: sourceVmPath(vmOfRequest(request)),
    vmName: request.source.name,
    site: request.site,
    zone: preflight.zoneName,
    cloudStackVersion: preflight.cloudStackVersion,
    disks: disksOf(planned).map((disk) => ({
      diskKey: disk.diskKey,
      boot: disk.boot,
      sizeBytes: disk.volumeBytes,
      volumeId: disk.volumeId,
      verified: disk.verified,
      moves: moveOf(request, planned, disk),
    })),
    ...(plan.point !== undefined && { pointId: plan.point.pointId, pointTakenAt: plan.point.takenAt }),
    ...(plan.live !== undefined && { live: plan.live }),
    also: alsoOf(request),
    calls,
    snapshotBytes: calls.some(({ command }) => command === 'createSnapshot') ? preflight.snapshotBytes : 0,
    leastSeconds: leastSeconds(calls),
    notes: [...preflight.notes, ...detachNote(planned, calls)],
    overridden: plan.overridden,
  };
}

/** The plan as lines for people. */
export function failoverPlanLines(plan: ShownFailoverPlan, now: number): string[] {
  return [
    `${plan.vmName} ${plan.vm}: ${headlines[plan.kind]}`,
    `Site ${plan.site}: CloudStack ${plan.cloudStackVersion}, zone ${plan.zone}`,
    ...(plan.live === undefined ? [] : liveLines(plan.live, now)),
    ...(plan.pointId === undefined ? [] : [`From recovery point ${plan.pointId}, taken ${plan.pointTakenAt ?? ''}`]),
    ...plan.disks.flatMap((disk) => [
      `Disk ${String(disk.diskKey)}${disk.boot ? ' (boot)' : ''}: ${formatBytes(disk.sizeBytes)}${disk.verified ? ', verified' : ', not verified'}`,
      `  ${disk.moves}`,
    ]),
    ...plan.also,
    'Calls of CloudStack, in this order:',
    ...plan.calls.flatMap(({ command, params, why }, index) => [
      `  ${String(index + 1).padStart(2)} ${command}: ${why}`,
      ...Object.entries(params).map(([name, value]) => `       ${name}=${value}`),
    ]),
    `Time: at least ${durationText(plan.leastSeconds)} of CloudStack's jobs${plan.snapshotBytes > 0 ? ', and what copying the snapshots to secondary storage takes' : ''}`,
    ...(plan.snapshotBytes > 0 ? [`Secondary storage: up to ${formatBytes(plan.snapshotBytes)}`] : []),
    ...plan.overridden.map((sentence) => `Overridden: ${sentence}`),
    ...plan.notes.map((note) => `Note: ${note}`),
  ];
}

const headlines: Readonly<Record<ShownFailoverPlan['kind'], string>> = {
  test: 'a test failover; the replicas stay where they are',
  live: 'a live failover; the replicas themselves become the disks of the failover VM',
  back: 'the way back from its live failover',
  revert: 'back to a recovery point; the former volumes are kept',
};

function liveLines(live: NonNullable<ShownFailoverPlan['live']>, now: number): string[] {
  const age = durationText((now - Date.parse(live.since)) / 1000);
  return [
    `Failed over to ${live.failoverVmName} (${live.failoverVmId}) since ${live.since}: its own writes are up to ${age} old`,
  ];
}

function moveOf(request: PlannableRequest, planned: PlannedFailover, disk: PlannedDisk): string {
  const appliance = devicePath(request.appliance, disk.volumeId);
  switch (kindOfRequest(request)) {
    case 'test':
      return `a new volume becomes ${onVm(request, disksOf(planned), disk)}; ${appliance} stays`;
    case 'live':
      return `from ${appliance} to ${onVm(request, disksOf(planned), disk)}`;
    case 'back':
      return planned.plan.live === undefined
        ? `to ${appliance}`
        : `from ${devicePath(planned.plan.live.failoverVmId, disk.volumeId)} to ${appliance}`;
    case 'revert':
      return `a new volume takes the place of ${appliance}`;
  }
}

function onVm(request: PlannableRequest, disks: readonly PlannedDisk[], disk: PlannedDisk): string {
  const name = 'target' in request ? request.target.name : '';
  return `${deviceWords(failoverDeviceIds(disks).get(disk.diskKey) ?? 0)} of ${name}`;
}

function detachNote({ preflight }: PlannedFailover, calls: readonly PlannedCall[]): string[] {
  if (preflight.snapshotsOfAttached !== 'refused' || !calls.some(({ command }) => command === 'createSnapshot'))
    return [];
  return [
    'this site snapshots no volume of a running VM: the volumes leave the appliance for the snapshots and come back',
  ];
}
