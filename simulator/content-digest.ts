import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { z } from 'zod';

const BLOCK_BYTES = 1024 ** 2;
/** The extent map of a badly fragmented disk is long. */
const MAP_MAX_BYTES = 256 * 1024 ** 2;
const PREFIX = 'sha256-1MiB:';
const ZEROS = Buffer.alloc(BLOCK_BYTES);

/** What a file of zeros holds, whatever its length, and one that is not there. */
export const BLANK = `${PREFIX}${createHash('sha256').digest('hex')}`;

const mapSchema = z.array(z.object({ start: z.number(), length: z.number(), data: z.boolean() }));

/**
 * What a disk holds, as a digest: the SHA-256 over number (8 bytes, big-endian) and SHA-256 of each block of 1 MiB that is not
 * all zeros, in order, the last one filled up with zeros. Holes are not read, and zeros at the end do not count: a source and
 * a larger volume that is its copy have one digest.
 *
 * @throws Error when the file cannot be read, or `qemu-img` is not installed
 */
export async function contentDigest(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  // Nothing is allocated: no tool is needed to see that.
  if (found === undefined || found.blocks === 0) return BLANK;
  const extents = await dataExtents(path);
  const digest = createHash('sha256');
  const file = await open(path, 'r');
  try {
    let next = 0;
    for (const { start, length } of extents) {
      const end = Math.ceil((start + length) / BLOCK_BYTES);
      // Two extents may share a block.
      for (let block = Math.max(next, Math.floor(start / BLOCK_BYTES)); block < end; block += 1) {
        await addBlock(digest, file, block);
        next = block + 1;
      }
    }
  } finally {
    await file.close();
  }
  return `${PREFIX}${digest.digest('hex')}`;
}

async function addBlock(digest: Hash, file: FileHandle, number: number): Promise<void> {
  const block = Buffer.alloc(BLOCK_BYTES);
  let filled = 0;
  while (filled < BLOCK_BYTES) {
    const { bytesRead } = await file.read(block, filled, BLOCK_BYTES - filled, number * BLOCK_BYTES + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  if (block.equals(ZEROS)) return;
  const index = Buffer.alloc(8);
  index.writeBigUInt64BE(BigInt(number));
  digest.update(index).update(createHash('sha256').update(block).digest());
}

/** Where the file has data, by SEEK_DATA, which Node does not offer. */
async function dataExtents(path: string): Promise<{ start: number; length: number }[]> {
  const run = promisify(execFile);
  const { stdout } = await run('qemu-img', ['map', '--output=json', '-f', 'raw', '-U', path], {
    maxBuffer: MAP_MAX_BYTES,
  });
  return mapSchema.parse(JSON.parse(stdout)).filter(({ data }) => data);
}
