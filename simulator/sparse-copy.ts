import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Lifetime } from './lifetime';
import { makeSparseFile } from './sparse-file';

/** Ending of a file that is being copied: what has it is never taken for whole. */
export const UNFINISHED = '.unfinished';

/**
 * Copies a disk's file with its holes, shared blocks where the file system can (GNU cp; Node's own copyFile fills the holes), and
 * gives the copy `sizeBytes`, grown by a hole. It has its name only when it is whole. A disk without a file is all holes.
 *
 * @throws ServerStopped when the server ended meanwhile: the copy is not there then. Error when cp fails, e.g. without space.
 */
export async function copyDisk(lifetime: Lifetime, from: string, to: string, sizeBytes: number): Promise<void> {
  const being = `${to}${UNFINISHED}`;
  mkdirSync(dirname(to), { recursive: true });
  rmSync(being, { force: true });
  try {
    if (existsSync(from)) await copyFile(from, being);
    makeSparseFile(being, sizeBytes);
    await lifetime.wait(0);
  } catch (error) {
    rmSync(being, { force: true });
    throw error;
  }
  renameSync(being, to);
}

async function copyFile(from: string, to: string): Promise<void> {
  const copying = spawn('cp', ['--sparse=auto', '--reflink=auto', '--', from, to], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  copying.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const [code] = (await once(copying, 'close')) as [number | null];
  if (code !== 0) throw new Error(`cp ended with ${String(code)}: ${complaint.trim()}`);
}
