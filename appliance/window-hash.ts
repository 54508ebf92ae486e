import { createHash, type Hash } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import { GIB } from '../domain/sizes';

/** Disks are copied, hashed and compared in windows of this many bytes; the last window of a disk may be shorter. */
export const WINDOW_BYTES = GIB;

/** SHA-256 of 1 GiB of zeros. */
export const ZERO_WINDOW_SHA256 = '49bc20df15e412a64472421e13fe86ff1c5165e18b2afccf160d4dc19fe68a14';

/** Zeros in slices of 0.5 ms, so that hashing a long hole leaves the event loop room for heartbeats. */
const ZEROS = Buffer.alloc(1024 * 1024);

export interface Window {
  readonly index: number;
  /** first byte on the disk */
  readonly offset: number;
  readonly bytes: number;
}

/** The windows of a disk of `bytes`. */
export function windowsOf(bytes: number, windowBytes = WINDOW_BYTES): Window[] {
  return Array.from({ length: Math.ceil(bytes / windowBytes) }, (_, index) => {
    const offset = index * windowBytes;
    return { index, offset, bytes: Math.min(windowBytes, bytes - offset) };
  });
}

/**
 * The hash of a disk: `sha256-1GiB:` and the SHA-256 over the raw SHA-256 digests of its windows, in order. Not the SHA-256 of
 * its bytes, hence the name: windows can be hashed apart, and again alone.
 *
 * @param windowSha256 - 64 hexadecimal digits per window
 */
export function diskHash(windowSha256: readonly string[]): string {
  const hash = createHash('sha256');
  for (const digest of windowSha256) hash.update(Buffer.from(digest, 'hex'));
  return `sha256-1GiB:${hash.digest('hex')}`;
}

/** SHA-256 of `bytes` zeros; known for a whole window. */
export async function hashOfZeros(bytes: number): Promise<string> {
  if (bytes === WINDOW_BYTES) return ZERO_WINDOW_SHA256;
  const hash = new WindowHash();
  await hash.zeros(bytes);
  return hash.digest();
}

/** The SHA-256 of a window, fed in order with data and holes. */
export class WindowHash {
  readonly #hash: Hash = createHash('sha256');

  data(bytes: Buffer): void {
    this.#hash.update(bytes);
  }

  /** @throws the signal's reason */
  async zeros(bytes: number, signal?: AbortSignal): Promise<void> {
    for (let left = bytes; left > 0; left -= ZEROS.length) {
      signal?.throwIfAborted();
      this.#hash.update(left >= ZEROS.length ? ZEROS : ZEROS.subarray(0, left));
      await breathe();
    }
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}

/** Whether a buffer holds nothing but zeros. */
export function isZero(bytes: Buffer): boolean {
  for (let offset = 0; offset < bytes.length; offset += ZEROS.length) {
    const slice = bytes.subarray(offset, offset + ZEROS.length);
    if (!slice.equals(ZEROS.subarray(0, slice.length))) return false;
  }
  return true;
}
