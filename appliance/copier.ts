import type { CopyLocks, HeldCopyLock } from './copy-lock';
import { syncDevice, writeRange, zeroRange } from './export-writer';
import { CopyError, SourceError, type Copier, type CopyJob, type CopyWindowResult, type ExportLinks } from './ports';
import { errorText, ToolError } from './processes';
import { dataBytesOfWindows, sourceLabel, sourceSize } from './source';
import { fetchWindow } from './source-fetch';
import { WindowBuffer } from './window-buffer';
import { hashOfZeros, WINDOW_BYTES, windowsOf, type Window } from './window-hash';

export interface CopierSettings {
  readonly locks: CopyLocks;
  readonly exports: Pick<ExportLinks, 'socketPath'>;
  /** 1 GiB, as the design fixes it; smaller only in tests */
  readonly windowBytes?: number;
}

/**
 * Copies a disk window by window. Each window with data is read once into a {@link WindowBuffer}; from there it is written to
 * the volume's export and hashed, side by side. Windows that the source shows as zeros are never read.
 */
export function makeCopier(settings: CopierSettings): Copier {
  return {
    inspect: async (source, signal) => ({ sizeBytes: await sourceSize(source, { signal }) }),
    copy: async (job) => {
      job.signal.throwIfAborted();
      const lock = await settings.locks.acquire(job.volumeId);
      try {
        const buffer = await WindowBuffer.create();
        try {
          return await new DiskCopy(settings, job, lock, buffer).run();
        } finally {
          await buffer.close();
        }
      } finally {
        await lock.release();
      }
    },
  };
}

/** The most windows of zeros that are handed over in one call when they had to be written. */
const ZERO_BATCH = 16;
/** Tools that inherit lock and buffer get them as 3 and 4. */
const BUFFER_FILE = '/proc/self/fd/4';

class DiskCopy {
  readonly #job: CopyJob;
  readonly #socketPath: string;
  readonly #windowBytes: number;
  readonly #buffer: WindowBuffer;
  readonly #children: { readonly signal: AbortSignal; readonly inherit: readonly number[] };

  constructor(settings: CopierSettings, job: CopyJob, lock: HeldCopyLock, buffer: WindowBuffer) {
    this.#job = job;
    this.#socketPath = settings.exports.socketPath;
    this.#windowBytes = settings.windowBytes ?? WINDOW_BYTES;
    this.#buffer = buffer;
    this.#children = { signal: job.signal, inherit: [lock.descriptor, buffer.descriptor] };
  }

  async run(): Promise<{ sourceBytes: number }> {
    const { source, volumeBytes, firstWindow } = this.#job;
    const sourceBytes = await sourceSize(source, this.#children);
    this.#expectSize(sourceBytes);
    if (sourceBytes > volumeBytes) {
      throw new SourceError(
        sourceLabel(source),
        `it holds ${String(sourceBytes)} bytes, the volume only ${String(volumeBytes)}`,
      );
    }
    const windows = windowsOf(sourceBytes, this.#windowBytes);
    const dataBytes = await dataBytesOfWindows(source, windows, this.#children);
    for (let rest = windows.slice(firstWindow); rest.length > 0;) {
      const zeros = leadingZeros(rest, dataBytes);
      const [window] = rest;
      if (zeros.length > 0) await this.#copyZeros(zeros);
      else if (window !== undefined) await this.#copyWindow(window, dataBytes[window.index] ?? 0);
      rest = rest.slice(Math.max(1, zeros.length));
    }
    await this.#zeroTail(sourceBytes);
    const after = await sourceSize(source, this.#children);
    if (after !== sourceBytes) throw this.#changedSize(sourceBytes, after);
    return { sourceBytes };
  }

  async #copyWindow(window: Window, dataBytes: number): Promise<void> {
    const job = this.#job;
    const buffer = this.#buffer;
    await buffer.clear(window.bytes);
    await fetchWindow({
      source: job.source,
      window,
      file: BUFFER_FILE,
      children: this.#children,
      onBytes: (bytes) => job.onBytes?.(window.offset + bytes),
    });
    if ((await buffer.size()) !== window.bytes) {
      throw new SourceError(
        sourceLabel(job.source),
        `it gave ${String(await buffer.size())} bytes of the ${String(window.bytes)} at byte ${String(window.offset)}`,
      );
    }
    await buffer.pad();
    await job.beforeWindow();
    const range = this.#range(window.offset, await buffer.size());
    // both are waited for, whichever fails: a tool must not outlive its copy
    const [hash, written] = await Promise.allSettled([
      buffer.hash(window.bytes, this.#children, BUFFER_FILE),
      this.#write(window.offset, () => writeRange(BUFFER_FILE, range, job, this.#children)),
    ]);
    if (written.status === 'rejected') throw written.reason;
    if (hash.status === 'rejected') throw hash.reason;
    await this.#write(window.offset, () => syncDevice(job.device.deviceNode, this.#children));
    await job.onWindow([{ ...window, dataBytes, sourceSha256: hash.value }]);
  }

  async #copyZeros(windows: readonly Window[]): Promise<void> {
    const job = this.#job;
    let results: CopyWindowResult[] = [];
    const handOver = async () => {
      if (results.length > 0) await job.onWindow(results);
      results = [];
    };
    for (const window of windows) {
      if (!job.targetIsZero) {
        await job.beforeWindow();
        // the last window may end inside a sector; the rest of the sector is the tail's, zero as well
        const range = this.#range(window.offset, roundUp(window.bytes));
        await this.#write(window.offset, () => zeroRange(range, this.#children));
      }
      job.signal.throwIfAborted();
      results.push({ ...window, dataBytes: 0, sourceSha256: await hashOfZeros(window.bytes) });
      if (results.length >= ZERO_BATCH && !job.targetIsZero) await handOver();
    }
    await handOver();
  }

  async #zeroTail(sourceBytes: number): Promise<void> {
    const start = roundUp(sourceBytes);
    const bytes = this.#job.volumeBytes - start;
    if (this.#job.targetIsZero || bytes <= 0) return;
    await this.#job.beforeWindow();
    await this.#write(start, async () => {
      await zeroRange(this.#range(start, bytes), this.#children);
      await syncDevice(this.#job.device.deviceNode, this.#children);
    });
  }

  #range(offset: number, bytes: number) {
    return { socketPath: this.#socketPath, volumeId: this.#job.volumeId, offset, bytes };
  }

  async #write(offset: number, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof ToolError) throw new CopyError(offset, errorText(error));
      throw error;
    }
  }

  #expectSize(sourceBytes: number): void {
    const expected = this.#job.sourceBytes;
    if (expected !== undefined && expected !== sourceBytes) throw this.#changedSize(expected, sourceBytes);
  }

  #changedSize(before: number, now: number): SourceError {
    return new SourceError(
      sourceLabel(this.#job.source),
      `its size changed from ${String(before)} to ${String(now)} bytes`,
    );
  }
}

function leadingZeros(windows: readonly Window[], dataBytes: readonly number[]): readonly Window[] {
  const end = windows.findIndex((window) => (dataBytes[window.index] ?? 0) > 0);
  return end === -1 ? windows : windows.slice(0, end);
}

/** Ranges of a volume are written in whole sectors, of 4 KiB at most; volumes are whole GiB. */
function roundUp(bytes: number): number {
  return Math.ceil(bytes / 4096) * 4096;
}
