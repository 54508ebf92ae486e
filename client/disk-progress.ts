import { formatBytes } from '../domain/sizes';
import type { ReplicationStatus } from './replication-status';

/** How far one disk is: bytes of what it does now, its rate over the last seconds, and the time left at that rate. */
export interface DiskProgress {
  readonly key: number;
  readonly step: string;
  readonly attempt: number;
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond?: number;
  readonly secondsLeft?: number;
}

const RATE_WINDOW_MS = 10_000;

/** Makes rates out of statuses that come one after the other. */
export class ProgressMeter {
  readonly #samples = new Map<string, { at: number; bytes: number }[]>();

  /** @param now - milliseconds since 1970 */
  measure(status: ReplicationStatus, now: number): DiskProgress[] {
    return (status.workflow?.disks ?? []).map((disk) => {
      const row = status.progress.find(({ diskKey }) => diskKey === disk.key);
      const totalBytes = row?.sourceBytes ?? disk.sourceBytes ?? disk.sizeBytes;
      const doneBytes = doneOf(disk.step, row, totalBytes);
      const rate = this.#rate(`${String(disk.key)} ${disk.step}`, doneBytes, now);
      return {
        key: disk.key,
        step: disk.step,
        attempt: disk.stepAttempt,
        doneBytes,
        totalBytes,
        ...(rate > 0 && { bytesPerSecond: rate, secondsLeft: (totalBytes - doneBytes) / rate }),
      };
    });
  }

  #rate(name: string, bytes: number, now: number): number {
    const samples = (this.#samples.get(name) ?? []).filter(({ at }) => now - at <= RATE_WINDOW_MS);
    samples.push({ at: now, bytes });
    this.#samples.set(name, samples);
    const [first] = samples;
    if (first === undefined || now === first.at) return 0;
    return ((bytes - first.bytes) * 1000) / (now - first.at);
  }
}

function doneOf(step: string, row: ReplicationStatus['progress'][number] | undefined, totalBytes: number): number {
  if (step === 'copyDisk') return Math.min(row?.watermark ?? 0, totalBytes);
  if (step === 'verifyDisk') return Math.min(row?.verifiedBytes ?? 0, totalBytes);
  return ['copied', 'verified', 'replicated', 'closeExport'].includes(step) ? totalBytes : 0;
}

/** `copyDisk  12.0 GiB of 107 GiB  11%  210 MiB/s  7 min left` */
export function progressText(progress: DiskProgress): string {
  const { step, attempt, doneBytes, totalBytes, bytesPerSecond, secondsLeft } = progress;
  const moves = step === 'copyDisk' || step === 'verifyDisk';
  return [
    `${step}${attempt > 1 ? ` (try ${String(attempt)})` : ''}`.padEnd(16),
    moves ? `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}` : formatBytes(totalBytes),
    ...(moves ? [`${String(Math.floor((100 * doneBytes) / totalBytes))}%`] : []),
    ...(moves && bytesPerSecond !== undefined ? [`${formatBytes(Math.round(bytesPerSecond))}/s`] : []),
    ...(moves && secondsLeft !== undefined ? [`${durationText(secondsLeft)} left`] : []),
  ].join('  ');
}

/** `45 s`, `7 min`, `3 h 20 min` */
export function durationText(seconds: number): string {
  if (seconds < 100) return `${String(Math.max(1, Math.round(seconds)))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${String(minutes)} min`;
  return `${String(Math.floor(minutes / 60))} h ${String(minutes % 60)} min`;
}
