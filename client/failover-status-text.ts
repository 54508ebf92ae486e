import type { FailoverDiskState, FailoverKind, FailoverState } from '../domain/failover-state';
import { sourceVmPath } from '../domain/names';
import { formatBytes } from '../domain/sizes';
import { durationText } from './disk-progress';
import { withNextFor } from './failover-next';
import { failoverPhaseWords, waysOn } from './failover-phase-words';
import type { FailoverStatus } from './failover-status';
import { pointLine } from './point-words';

const kindWords: Readonly<Record<FailoverKind, string>> = {
  test: 'test failover',
  live: 'live failover',
  back: 'failback',
  revert: 'revert',
};

/** A status as lines for people: what the run does, each disk, what it waits for, what can be done, what is missing. */
export function failoverStatusLines(status: FailoverStatus, now: number): string[] {
  const { workflow, run } = status;
  const name = workflow?.vmName ?? run?.vmName ?? '';
  return [
    `${name} ${sourceVmPath(status.vm)}`.trim(),
    ...phaseLines(status),
    ...(workflow === undefined ? [] : workLines(workflow, now)),
    ...waitLines(status, now),
    ...(workflow?.leftovers ?? []).map((leftover) => `  left over: ${leftover}`),
    ...endLines(status),
    ...liveLines(status, now),
    ...status.points.slice(0, 3).map((point) => `  ${pointLine(point)}`),
    ...(status.points.length > 3 ? [`  and ${String(status.points.length - 3)} older recovery points`] : []),
    ...status.missing.map((sentence) => `  ${sentence}`),
  ];
}

function phaseLines({ vm, workflow, run, execution }: FailoverStatus): string[] {
  const kind = workflow?.kind ?? run?.kind;
  const phase = workflow?.phase ?? run?.phase;
  if (kind === undefined || phase === undefined) {
    return [execution === undefined ? '  no failover is at work' : `  ${execution.toLowerCase()}`];
  }
  const reason = workflow?.reason ?? run?.reason;
  // By which way a source is quiesced is not part of the state; the step shows whether a hook is at work.
  const quiescedBy = workflow?.vmStep.step === 'quiesceSource' ? 'unknown' : 'update';
  return [
    `  ${kindWords[kind]}: ${phase} (${failoverPhaseWords[phase]})`,
    ...(reason === undefined ? [] : [`  ${reason}`]),
    ...waysOn(phase, sourceVmPath(vm), quiescedBy).map((way) => `  ${way}`),
  ];
}

function workLines(state: FailoverState, now: number): string[] {
  const { failoverVm, vmStep, leaseUntil } = state;
  return [
    ...(failoverVm === undefined
      ? []
      : [`  VM ${failoverVm.name}${failoverVm.id === undefined ? '' : ` (${failoverVm.id})`}`]),
    ...(leaseUntil === undefined || state.endedAt !== undefined ? [] : [leaseLine(leaseUntil, state.reminded, now)]),
    ...(state.kind === 'live' ? [`  point of no return: ${state.pointOfNoReturn}`] : []),
    ...(state.endedAt === undefined && vmStep.step !== 'waiting'
      ? [`  VM        ${vmStep.step}${attemptText(vmStep.attempt)}`]
      : []),
    ...(vmStep.lastFailure === undefined
      ? []
      : [`    last failure: ${vmStep.lastFailure.message}${nextTry(vmStep.nextTryAt, now)}`]),
    ...state.disks.flatMap((disk) => diskLines(isGone(state) ? withoutPlace(disk) : disk, now)),
    ...state.overridden.map((sentence) => `  overridden: ${sentence}`),
  ];
}

/** Whether nothing is left of what the run made: its disks have no place that could be looked at. */
function isGone({ kind, phase }: FailoverState): boolean {
  if (kind === 'back') return false;
  return phase === 'ended' || phase === 'rolled_back' || phase === 'cancelled';
}

function withoutPlace({ devicePath: _devicePath, ...disk }: FailoverDiskState): FailoverDiskState {
  return disk;
}

function diskLines(disk: FailoverDiskState, now: number): string[] {
  return [
    `  disk ${String(disk.key)}${disk.boot ? ' (boot)' : ''}  ${disk.step}${attemptText(disk.stepAttempt)}  ${formatBytes(disk.sizeBytes)}`,
    ...(disk.devicePath === undefined
      ? []
      : [`    ${disk.devicePath}${disk.deviceId === undefined ? '' : ` as ${deviceWords(disk.deviceId)}`}`]),
    ...(disk.lastFailure === undefined
      ? []
      : [`    last failure: ${disk.lastFailure.message}${nextTry(disk.nextTryAt, now)}`]),
    ...disk.kept.map((kept) => `    kept: ${kept}`),
  ];
}

/** `root` or `device 2` */
export function deviceWords(deviceId: number): string {
  return deviceId === 0 ? 'root' : `device ${String(deviceId)}`;
}

function leaseLine(until: string, reminded: boolean, now: number): string {
  const seconds = (Date.parse(until) - now) / 1000;
  const left = seconds > 0 ? `${durationText(seconds)} left` : 'over';
  return `  lease until ${until}, ${left}${reminded ? '; it ends soon' : ''}`;
}

/** Activities that the server tries again: only it knows their attempts. */
function waitLines(status: FailoverStatus, now: number): string[] {
  return status.pending.flatMap(({ activity, state, attempt, lastFailure, nextTryAt }) => {
    if (lastFailure === undefined) return [];
    const does = state === 'waiting' ? 'waits' : 'runs again';
    return [`  ${activity} ${does}, try ${String(attempt)}: ${lastFailure}${nextTry(nextTryAt, now)}`];
  });
}

function endLines({ run, execution }: FailoverStatus): string[] {
  if (run?.failure === undefined || execution === 'RUNNING') return [];
  const { message, next } = withNextFor(run.failure, 'failover');
  return [`  ended: ${message}`, `  next: ${next}`];
}

function liveLines({ vm, live, workflow }: FailoverStatus, now: number): string[] {
  if (live === undefined) return [];
  const age = durationText((now - Date.parse(live.since)) / 1000);
  return [
    `  failed over to ${live.failoverVmName} (${live.failoverVmId}) since ${live.since}: its own writes are up to ${age} old`,
    // The phase says so itself while the failover is the latest run.
    ...(workflow?.phase === 'failed_over' ? [] : [`  go back: diskferry failover back ${sourceVmPath(vm)}`]),
  ];
}

function attemptText(attempt: number): string {
  return attempt > 1 ? ` (try ${String(attempt)})` : '';
}

function nextTry(at: string | undefined, now: number): string {
  if (at === undefined) return '';
  const seconds = (Date.parse(at) - now) / 1000;
  return seconds > 0 ? ` (next try in ${durationText(seconds)})` : '';
}
