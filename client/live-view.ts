import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceVmKey } from '../domain/names';
import { finalPhases } from '../domain/phases';
import type { TextStream } from './command-context';
import { ProgressMeter, progressText, type DiskProgress } from './disk-progress';
import { ChangeLog, RedrawnPicture } from './pictures';
import type { ReplicationStatus } from './replication-status';
import { statusLines } from './status-text';

export interface LiveViewOptions {
  readonly client: { status(vm: SourceVmKey): Promise<ReplicationStatus> };
  readonly vm: SourceVmKey;
  /** a terminal gets a picture that is drawn again in place, anything else a line per change */
  readonly stream: TextStream;
  /** called with each status, for instance to print it as JSON */
  readonly onStatus?: (status: ReplicationStatus) => void;
  /** milliseconds between two looks; 1,000 when not given */
  readonly intervalMs?: number;
  /** ends the view, not the run */
  readonly signal?: AbortSignal;
}

/**
 * Shows a run as it goes, until it ends or the signal is aborted.
 *
 * @returns the last status
 * @throws DiskferryFailure `vm-unknown`, and the signal's reason
 */
export async function showLive(options: LiveViewOptions): Promise<ReplicationStatus> {
  const meter = new ProgressMeter();
  const picture = options.stream.isTTY === true ? redrawn(options.stream) : linePerChange(options.stream);
  for (;;) {
    const status = await options.client.status(options.vm);
    const now = Date.now();
    picture.show(status, meter.measure(status, now), now);
    options.onStatus?.(status);
    if (hasEnded(status)) return status;
    await sleep(options.intervalMs ?? 1000, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

/** Whether a run is over: Temporal's word decides; without it the workflow's or the table's. */
export function hasEnded(status: ReplicationStatus): boolean {
  if (status.execution !== undefined) return status.execution !== 'RUNNING';
  const phase = status.workflow?.phase ?? status.job?.phase;
  return phase !== undefined && finalPhases.has(phase);
}

interface Picture {
  show(status: ReplicationStatus, disks: readonly DiskProgress[], now: number): void;
}

/** Draws over what it drew before. */
function redrawn(stream: TextStream): Picture {
  const picture = new RedrawnPicture(stream);
  return {
    show: (status, disks, now) => {
      picture.draw(statusLines(status, disks, now));
    },
  };
}

/** Writes a line when phase, step, tenth of a disk or hindrance changed. */
function linePerChange(stream: TextStream): Picture {
  const log = new ChangeLog(stream);
  return {
    show: (status, disks, now) => {
      const [name = '', phase = '', ...others] = statusLines(ofTheRun(status), [], now);
      log.line('phase', phase, `${name.split(' ')[0] ?? ''}: ${phase.trim()}`);
      for (const disk of disks) {
        const tenth = Math.floor((10 * disk.doneBytes) / disk.totalBytes);
        const state = `${disk.step} ${String(disk.attempt)} ${String(tenth)}`;
        log.line(String(disk.key), state, `disk ${String(disk.key)}: ${progressText(disk).trim()}`);
      }
      log.hindrances(others);
    },
  };
}

/** Without what stays the same, or only ages, while the run goes. */
function ofTheRun(status: ReplicationStatus): ReplicationStatus {
  const { latestPoint: _latestPoint, live: _live, ...rest } = status;
  return { ...rest, replicas: [] };
}
