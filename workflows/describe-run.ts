import type { ReplicationState } from '../domain/replication-state';
import { formatBytes } from '../domain/sizes';

/** The run in Markdown, for Temporal's web page. */
export function describeRun(state: ReplicationState): string {
  const lines = [
    `**${state.phase}**${state.reason === undefined ? '' : `: ${state.reason}`}`,
    '',
    `VM ${state.vmName} (${state.sourceVmId}) to appliance ${state.applianceId}, provisioning attempt ${String(state.provisioningAttempt)}`,
    ...(state.pointId === undefined ? [] : [`Recovery point ${state.pointId}`]),
    '',
    '| disk | size | step | volume | undos owed |',
    '| --- | --- | --- | --- | --- |',
    ...state.disks.map(
      (disk) =>
        `| ${String(disk.key)}${disk.boot ? ' (boot)' : ''} | ${formatBytes(disk.sizeBytes)} | ${disk.step}${
          disk.stepAttempt > 1 ? `, try ${String(disk.stepAttempt)}` : ''
        } | ${disk.volumeId ?? ''} | ${disk.undosOwed.join(', ')} |`,
    ),
  ];
  const failures = state.disks.flatMap((disk) => (disk.lastFailure === undefined ? [] : [disk.lastFailure]));
  if (failures.length > 0) {
    lines.push('', '**Last failures**', '', ...failures.map((failure) => `- ${failure.message} *${failure.next}*`));
  }
  const kept = state.disks.flatMap((disk) => disk.kept);
  if (kept.length > 0) lines.push('', '**Kept**', '', ...kept.map((text) => `- ${text}`));
  if (state.leftovers.length > 0) lines.push('', '**Leftovers**', '', ...state.leftovers.map((text) => `- ${text}`));
  return lines.join('\n');
}
