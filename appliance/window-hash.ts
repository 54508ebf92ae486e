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

/**
 * The SHA-256 of a window, fed in order with data and holes.
 *
 * A GiB takes half a second, whether it is data or zeros, and most windows of most disks are nearly empty. So what is not zero is
 * kept until the digest is asked for; a window of the same content that was hashed before (by the copy, when the device is read
 * back) is found by the hash of that alone. A window with more data is hashed as it comes.
 */
export class WindowHash {
  readonly #hash: Hash = createHash('sha256');
  #runs: Run[] = [];
  #kept = 0;
  #length = 0;
  #hashed = 0;

  async data(bytes: Buffer): Promise<void> {
    if (this.#hashed > 0) {
      await this.#hashZeros(this.#length - this.#hashed);
      this.#hash.update(bytes);
      this.#hashed += bytes.length;
      this.#length += bytes.length;
      return;
    }
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.subarray(at, at + PIECE - (this.#length % PIECE));
      if (!isZero(piece)) this.#keep(piece);
      this.#length += piece.length;
      at += piece.length;
    }
    if (this.#kept > MOST_KEPT) await this.#hashKept();
  }

  zeros(bytes: number): void {
    this.#length += bytes;
  }

  /** @throws the signal's reason */
  async digest(signal?: AbortSignal): Promise<string> {
    const content = this.#hashed === 0 ? this.#contentHash() : undefined;
    const known = content === undefined ? undefined : knownWindows.get(content);
    if (known !== undefined) return known;
    await this.#hashKept(signal);
    await this.#hashZeros(this.#length - this.#hashed, signal);
    const digest = this.#hash.digest('hex');
    if (content !== undefined) remember(content, digest);
    return digest;
  }

  #keep(piece: Buffer): void {
    const last = this.#runs.at(-1);
    const copy = Buffer.from(piece);
    if (last !== undefined && last.at + last.bytes === this.#length) {
      last.parts.push(copy);
      last.bytes += copy.length;
    } else {
      this.#runs.push({ at: this.#length, bytes: copy.length, parts: [copy] });
    }
    this.#kept += copy.length;
  }

  /** Where there is what in a window of which length: nothing else has the same hash. */
  #contentHash(): string {
    const hash = createHash('sha256').update(`${String(this.#length)};`);
    for (const run of this.#runs) {
      hash.update(`${String(run.at)}+${String(run.bytes)};`);
      for (const part of run.parts) hash.update(part);
    }
    return hash.digest('base64');
  }

  async #hashKept(signal?: AbortSignal): Promise<void> {
    for (const run of this.#runs) {
      await this.#hashZeros(run.at - this.#hashed, signal);
      for (const part of run.parts) this.#hash.update(part);
      this.#hashed += run.bytes;
    }
    this.#runs = [];
  }

  async #hashZeros(bytes: number, signal?: AbortSignal): Promise<void> {
    for (let left = bytes; left > 0; left -= ZEROS.length) {
      signal?.throwIfAborted();
      this.#hash.update(left >= ZEROS.length ? ZEROS : ZEROS.subarray(0, left));
      await breathe();
    }
    this.#hashed += bytes;
  }
}

interface Run {
  readonly at: number;
  bytes: number;
  readonly parts: Buffer[];
}

/** Zeros are told from data in pieces of this many bytes, the block of most file systems. */
const PIECE = 4096;
/** So many bytes of data are kept before a window is hashed as it comes. */
const MOST_KEPT = 32 * 1024 * 1024;
/** Digests of windows by the hash of their content, the latest ones; about 2 MB when full. */
const knownWindows = new Map<string, string>();
const MOST_KNOWN = 10_000;

function remember(content: string, digest: string): void {
  const [oldest] = knownWindows.keys();
  if (knownWindows.size >= MOST_KNOWN && oldest !== undefined) knownWindows.delete(oldest);
  knownWindows.set(content, digest);
}

/** SHA-256 of `bytes` zeros; known for a whole window. */
export async function hashOfZeros(bytes: number): Promise<string> {
  if (bytes === WINDOW_BYTES) return ZERO_WINDOW_SHA256;
  const hash = new WindowHash();
  hash.zeros(bytes);
  return hash.digest();
}

/** Whether a buffer holds nothing but zeros. */
export function isZero(bytes: Buffer): boolean {
  for (let offset = 0; offset < bytes.length; offset += ZEROS.length) {
    const slice = bytes.subarray(offset, offset + ZEROS.length);
    if (!slice.equals(ZEROS.subarray(0, slice.length))) return false;
  }
  return true;
}
