import { createHash } from 'node:crypto';

/**
 * A disk's hash: SHA-256 over the raw digests of its 1 GiB windows, in order. The prefix says that it is not the SHA-256 of the
 * bytes themselves (design §7).
 *
 * @param windows - SHA-256 of each window, 64 hex digits
 */
export function diskHash(windows: readonly string[]): string {
  const hash = createHash('sha256');
  for (const window of windows) hash.update(Buffer.from(window, 'hex'));
  return `sha256-1GiB:${hash.digest('hex')}`;
}
