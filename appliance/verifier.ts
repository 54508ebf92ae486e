import type { CopyLocks } from './copy-lock';
import { DeviceReader } from './device-reader';
import { syncDevice } from './export-writer';
import { CopyError, type Verifier, type VerifyJob } from './ports';
import { errorText, ToolError } from './processes';
import { fileExtents } from './window-buffer';
import { isZero, WindowHash, windowsOf, type Window } from './window-hash';

export interface VerifierSettings {
  readonly locks: CopyLocks;
  /** 1 GiB, as the design fixes it; smaller only in tests */
  readonly windowBytes?: number;
}

/**
 * Reads a volume back from its device, past the page cache, and hashes it window by window. What stands behind the source's
 * length must be zeros.
 */
export function makeVerifier(settings: VerifierSettings): Verifier {
  return {
    verify: async (job) => {
      job.signal.throwIfAborted();
      const lock = await settings.locks.acquire(job.volumeId);
      const children = { signal: job.signal, inherit: [lock.descriptor] };
      try {
        await syncDevice(job.device.deviceNode, children);
        const reader = await DeviceReader.open(job.device.deviceNode, {
          ...children,
          mayUseCache: job.device.simulated,
        });
        return await new DiskVerification(job, reader, children).run(settings.windowBytes);
      } catch (error) {
        if (error instanceof ToolError) throw new CopyError(0, errorText(error));
        throw error;
      } finally {
        await lock.release();
      }
    },
  };
}

/** A range of the device that is read, or that is known to be zeros. */
interface Part {
  readonly offset: number;
  readonly bytes: number;
  readonly zero: boolean;
}

/** Holes shorter than this are read: starting a reader takes as long. */
const SMALLEST_HOLE = 16 * 1024 * 1024;
const PROGRESS_MS = 1000;

class DiskVerification {
  readonly #job: VerifyJob;
  readonly #reader: DeviceReader;
  readonly #children: { readonly signal: AbortSignal; readonly inherit: readonly number[] };
  #tailIsZero = true;
  #reportedAt = 0;

  constructor(
    job: VerifyJob,
    reader: DeviceReader,
    children: { readonly signal: AbortSignal; readonly inherit: readonly number[] },
  ) {
    this.#job = job;
    this.#reader = reader;
    this.#children = children;
  }

  async run(windowBytes?: number): Promise<{ windows: { index: number; sha256: string }[]; tailIsZero: boolean }> {
    const { sourceBytes, volumeBytes, signal } = this.#job;
    const parts = await this.#parts();
    const windows: { index: number; sha256: string }[] = [];
    for (const window of windowsOf(volumeBytes, windowBytes)) {
      const hash = new WindowHash();
      for (const part of cut(parts, window)) {
        for (const half of splitAt(part, sourceBytes)) await this.#take(half, hash);
      }
      if (window.offset < sourceBytes) windows.push({ index: window.index, sha256: await hash.digest(signal) });
    }
    await this.#job.onProgress(volumeBytes);
    return { windows, tailIsZero: this.#tailIsZero };
  }

  async #take(part: Part, hash: WindowHash): Promise<void> {
    const isTail = part.offset >= this.#job.sourceBytes;
    if (part.zero) {
      if (!isTail) hash.zeros(part.bytes);
      await this.#report(part.offset + part.bytes);
      return;
    }
    let at = part.offset;
    await this.#reader.read(part.offset, part.bytes, async (chunk) => {
      if (isTail) this.#tailIsZero &&= isZero(chunk);
      else await hash.data(chunk);
      at += chunk.length;
      await this.#report(at);
    });
  }

  /** What there is to read: all of a real device; on a simulated site the holes of the file count as zeros. */
  async #parts(): Promise<Part[]> {
    const { device, volumeBytes } = this.#job;
    if (!device.simulated) return [{ offset: 0, bytes: volumeBytes, zero: false }];
    const extents = await fileExtents(device.deviceNode, this.#children);
    return mergeShortHoles(extents.map(({ start, length, data }) => ({ offset: start, bytes: length, zero: !data })));
  }

  async #report(verifiedBytes: number): Promise<void> {
    if (Date.now() - this.#reportedAt < PROGRESS_MS) return;
    this.#reportedAt = Date.now();
    await this.#job.onProgress(verifiedBytes);
  }
}

/** What of the parts lies in a window. */
function cut(parts: readonly Part[], window: Window): Part[] {
  return parts.flatMap((part) => {
    const offset = Math.max(part.offset, window.offset);
    const end = Math.min(part.offset + part.bytes, window.offset + window.bytes);
    return offset < end ? [{ ...part, offset, bytes: end - offset }] : [];
  });
}

function splitAt(part: Part, border: number): Part[] {
  const before = border - part.offset;
  if (before <= 0 || before >= part.bytes) return [part];
  return [
    { ...part, bytes: before },
    { ...part, offset: border, bytes: part.bytes - before },
  ];
}

/** Joins data, and holes too short to be worth leaving out, to one part. */
function mergeShortHoles(parts: readonly Part[]): Part[] {
  const merged: Part[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    const zero = part.zero && part.bytes >= SMALLEST_HOLE;
    if (last?.zero === zero) merged[merged.length - 1] = { ...last, bytes: last.bytes + part.bytes };
    else merged.push({ ...part, zero });
  }
  return merged;
}
