import { sourceVmPath } from '../domain/names';
import { durationText, progressText, type DiskProgress } from './disk-progress';
import { pointLine } from './point-words';
import { replicaWords } from './recorded-replicas';
import type { ReplicationStatus } from './replication-status';

/** A status as lines for people: what the run does, each disk, what it waits for, what is missing. */
export function statusLines(status: ReplicationStatus, disks: readonly DiskProgress[], now: number): string[] {
  const { workflow, job } = status;
  const phase = workflow?.phase ?? job?.phase ?? status.execution?.toLowerCase() ?? 'not known';
  const reason = workflow?.reason ?? job?.reason;
  return [
    `${workflow?.vmName ?? job?.vmName ?? ''} ${sourceVmPath(status.vm)}`.trim(),
    `  ${phase}${workflow !== undefined && workflow.provisioningAttempt > 1 ? ` (provisioning attempt ${String(workflow.provisioningAttempt)})` : ''}`,
    ...(reason === undefined ? [] : [`  ${reason}`]),
    ...disks.flatMap((disk) => diskLines(status, disk, now)),
    ...waitLines(status, now),
    ...replicaLines(status, now),
    ...(workflow?.leftovers ?? []).map((leftover) => `  left over: ${leftover}`),
    ...endLines(status),
    ...status.missing.map((sentence) => `  ${sentence}`),
  ];
}

function diskLines(status: ReplicationStatus, disk: DiskProgress, now: number): string[] {
  const state = status.workflow?.disks.find(({ key }) => key === disk.key);
  return [
    `  disk ${String(disk.key)}  ${progressText(disk)}`,
    ...(state?.devicePath === undefined ? [] : [`    ${state.devicePath}`]),
    ...(state?.lastFailure === undefined
      ? []
      : [`    last failure: ${state.lastFailure.message}${nextTry(state.nextTryAt, now)}`]),
    ...(state?.kept ?? []).map((kept) => `    kept: ${kept}`),
  ];
}

/** What the volumes are good for, and where they are beside the appliance. */
function replicaLines({ vm, replicas, latestPoint, live }: ReplicationStatus, now: number): string[] {
  return [
    ...replicas.map(
      (replica) =>
        `  volume ${replica.volumeId} of disk ${String(replica.diskKey)}: generation ${String(replica.generation)}, ${replicaWords(replica)}`,
    ),
    ...(latestPoint === undefined ? [] : [`  ${pointLine(latestPoint)}`]),
    ...(live === undefined
      ? []
      : [
          `  failed over to ${live.failoverVmName} (${live.failoverVmId}) since ${live.since}, ${durationText((now - Date.parse(live.since)) / 1000)} ago; not replicated meanwhile`,
          `  go back: diskferry failover back ${sourceVmPath(vm)}`,
        ]),
  ];
}

/** Activities that the server tries again: only it knows their attempts. */
function waitLines(status: ReplicationStatus, now: number): string[] {
  return status.pending.flatMap(({ activity, state, attempt, lastFailure, nextTryAt }) => {
    if (lastFailure === undefined) return [];
    const does = state === 'waiting' ? 'waits' : 'runs again';
    return [`  ${activity} ${does}, try ${String(attempt)}: ${lastFailure}${nextTry(nextTryAt, now)}`];
  });
}

function endLines(status: ReplicationStatus): string[] {
  const { failure } = status.job ?? {};
  if (failure === undefined || status.execution === 'RUNNING') return [];
  return [`  ended: ${failure.message}`, `  next: ${failure.next}`];
}

function nextTry(at: string | undefined, now: number): string {
  if (at === undefined) return '';
  const seconds = (Date.parse(at) - now) / 1000;
  return seconds > 0 ? ` (next try in ${durationText(seconds)})` : '';
}
