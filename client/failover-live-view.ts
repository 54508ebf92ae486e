import { setTimeout as sleep } from 'node:timers/promises';
import { finalFailoverPhases, type FailoverPhase } from '../domain/failover-phases';
import type { TextStream } from './command-context';
import type { FailoverStatus } from './failover-status';
import { failoverStatusLines } from './failover-status-text';
import { ChangeLog, RedrawnPicture } from './pictures';

export interface FailoverViewOptions {
  readonly status: () => Promise<FailoverStatus>;
  /** a terminal gets a picture that is drawn again in place, anything else a line per change */
  readonly stream: TextStream;
  /** whether the view ends with this status; a run that is over ends it in any case */
  readonly until?: (status: FailoverStatus) => boolean;
  /** called with each status, for instance to print it as JSON */
  readonly onStatus?: (status: FailoverStatus) => void;
  /** milliseconds between two looks; 1,000 when not given */
  readonly intervalMs?: number;
}

/** Shows a failover, a failback or a revert as it goes. @returns the last status */
export async function showFailoverLive(options: FailoverViewOptions): Promise<FailoverStatus> {
  const { stream } = options;
  const picture = new RedrawnPicture(stream);
  const log = new ChangeLog(stream);
  for (;;) {
    const status = await options.status();
    if (stream.isTTY === true) picture.draw(failoverStatusLines(status, Date.now()));
    else writeChanges(log, status);
    options.onStatus?.(status);
    if (failoverHasEnded(status) || options.until?.(status) === true) return status;
    await sleep(options.intervalMs ?? 1000);
  }
}

/** Whether a run is over: Temporal's word decides; without it the workflow's or the table's. */
export function failoverHasEnded(status: FailoverStatus): boolean {
  if (status.execution !== undefined) return status.execution !== 'RUNNING';
  const phase = phaseOf(status);
  return phase !== undefined && finalFailoverPhases.has(phase);
}

/** The workflow's phase, or the one that the database recorded where it does not answer. */
export function phaseOf({ workflow, run }: FailoverStatus): FailoverPhase | undefined {
  return workflow?.phase ?? run?.phase;
}

function writeChanges(log: ChangeLog, status: FailoverStatus): void {
  const { workflow } = status;
  const [, phase = '', ...others] = failoverStatusLines(status, Date.now());
  log.line('phase', phase, `${workflow?.vmName ?? status.run?.vmName ?? ''}: ${phase.trim()}`);
  for (const { key, step, stepAttempt } of workflow?.disks ?? []) {
    const state = `${step}${stepAttempt > 1 ? ` (try ${String(stepAttempt)})` : ''}`;
    log.line(`disk ${String(key)}`, state, `disk ${String(key)}: ${state}`);
  }
  // Disks are written above; ages and times left change with every look.
  log.hindrances(
    others.filter((line) => !/^ {2}(disk|lease|failed over to|recovery point|VM) |^ {4}remote-vm-/.test(line)),
  );
}
