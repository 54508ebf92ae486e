import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A folder for one test or file. Under `npm test` it is made in DISKFERRY_TEST_DIRECTORY, which is kept when a test fails and
 * removed when all are well; else `remove` removes it. The name is short: Unix sockets below it end at 107 characters.
 */
export async function temporaryFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const kept = process.env['DISKFERRY_TEST_DIRECTORY'];
  const path = await mkdtemp(join(kept ?? tmpdir(), kept === undefined ? 'dft-' : 's-'));
  return { path, remove: () => (kept === undefined ? rm(path, { recursive: true, force: true }) : Promise.resolve()) };
}
