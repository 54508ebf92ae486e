import type { FailoverState } from '../domain/failover-state';
import { formatBytes } from '../domain/sizes';

const tries = (attempt: number): string => (attempt > 1 ? `, try ${String(attempt)}` : '');

/** A failover, a failback or a revert in Markdown, for Temporal's web page. */
export function describeFailover(state: FailoverState): string {
  const { failoverVm, vmStep } = state;
  const lines = [
    `**${state.kind}: ${state.phase}**${state.reason === undefined ? '' : `: ${state.reason}`}`,
    '',
    `VM ${state.vmName} (${state.sourceVmId}), appliance ${state.applianceId}`,
    ...(failoverVm === undefined ? [] : [`Failover VM ${failoverVm.name} ${failoverVm.id ?? '(not there yet)'}`]),
    ...(state.pointId === undefined ? [] : [`Recovery point ${state.pointId}`]),
    ...(state.kind === 'test' ? [] : [`Point of no return: ${state.pointOfNoReturn}`]),
    ...(state.leaseUntil === undefined ? [] : [leaseLine(state.leaseUntil, state.reminded)]),
    '',
    '| item | size | step | volume | device | undos owed |',
    '| --- | --- | --- | --- | --- | --- |',
    `| VM | | ${vmStep.step}${tries(vmStep.attempt)} | | | ${vmStep.undosOwed.join(', ')} |`,
    ...state.disks.map(
      (disk) =>
        `| ${String(disk.key)}${disk.boot ? ' (boot)' : ''} | ${formatBytes(disk.sizeBytes)} | ${disk.step}${tries(
          disk.stepAttempt,
        )} | ${disk.volumeId ?? ''} | ${disk.deviceId === undefined ? '' : String(disk.deviceId)} | ${disk.undosOwed.join(', ')} |`,
    ),
  ];
  const failures = [vmStep.lastFailure, ...state.disks.map((disk) => disk.lastFailure)].filter(
    (failure) => failure !== undefined,
  );
  list(
    'Last failures',
    failures.map((failure) => `${failure.message} *${failure.next}*`),
  );
  list('Overridden', state.overridden);
  list(
    'Kept',
    state.disks.flatMap((disk) => disk.kept),
  );
  list('Leftovers', state.leftovers);
  return lines.join('\n');

  function list(title: string, items: readonly string[]): void {
    if (items.length > 0) lines.push('', `**${title}**`, '', ...items.map((item) => `- ${item}`));
  }
}

function leaseLine(until: string, reminded: boolean): string {
  const line = `The sandbox lives until ${until}; then it is removed.`;
  return reminded ? `**${line} That is soon; extend it if it is still needed.**` : line;
}
