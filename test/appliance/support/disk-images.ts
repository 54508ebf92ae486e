import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';

/** A sparse image of `bytes` with data where told: random bytes, or what is given. */
export async function makeImage(
  file: string,
  bytes: number,
  data: readonly { readonly at: number; readonly bytes?: number; readonly fill?: Buffer }[],
): Promise<void> {
  const handle = await open(file, 'w');
  try {
    await handle.truncate(bytes);
    for (const part of data) {
      const content = part.fill ?? randomBytes(part.bytes ?? 0);
      await handle.write(content, 0, content.length, part.at);
    }
  } finally {
    await handle.close();
  }
}

/** SHA-256 of a range of a file, read plainly from front to back: independent of everything that is tested. */
export async function sha256OfRange(file: string, offset: number, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  if (bytes > 0) {
    const stream = createReadStream(file, { start: offset, end: offset + bytes - 1, highWaterMark: 4 * 1024 * 1024 });
    for await (const chunk of stream) hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}
