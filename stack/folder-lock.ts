import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProcessStartError, startGuarded } from './guarded-process';
import { findProgram } from './programs';

/** The folder is in use by a living process. Retrying helps once that one has ended. */
export class FolderLockedError extends Error {
  constructor(
    readonly directory: string,
    readonly holder: string,
  ) {
    super(`${directory} is in use by process ${holder}`);
    this.name = 'FolderLockedError';
  }
}

const HELD = 75;

/**
 * Takes a state folder for this process. The lock is the kernel's own, held by a child under a parent-death signal: it falls with
 * us, however we end, and cannot be left behind as a file with a process id can.
 *
 * @returns how the lock is given back
 * @throws FolderLockedError naming the process that holds it
 */
export async function lockFolder(directory: string): Promise<() => Promise<void>> {
  const lockFile = join(directory, 'up.lock');
  const flock = await findProgram('flock');
  if (flock === undefined) throw new ProcessStartError('flock is not installed (Debian: apt-get install util-linux)');
  const holder = await startGuarded({
    name: 'flock',
    command: flock,
    args: [
      ...['--nonblock', '--conflict-exit-code', String(HELD), '--no-fork', lockFile],
      ...['sh', '-c', 'echo held; exec sleep infinity'],
    ],
    logFile: join(directory, 'logs', 'lock.log'),
    readOutput: true,
  });
  const ended = holder.exited.then(({ code }) => code ?? 'a signal');
  const first = await Promise.race([once(holder.stdout ?? process.stdin, 'data').then(() => 'held' as const), ended]);
  if (first === HELD) throw new FolderLockedError(directory, (await readFile(lockFile, 'utf8')).trim());
  if (first !== 'held')
    throw new ProcessStartError(`${lockFile} could not be locked: flock ended with ${String(first)}`);
  await writeFile(lockFile, `${String(process.pid)}\n`);
  return () => holder.stop();
}
