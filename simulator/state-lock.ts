import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { join } from 'node:path';

/** Another simulator has the state folder. Retrying helps once that one has ended. */
export class StateInUseError extends Error {
  constructor(
    readonly directory: string,
    /** process id, when it could be read */
    readonly holder: string | undefined,
  ) {
    const who = holder === undefined ? 'another process' : `process ${holder}`;
    const stop = holder === undefined ? 'stop that one' : `stop that one (kill ${holder})`;
    super(`a simulator runs already on ${directory}, as ${who}: ${stop}, or use another state folder`);
    this.name = 'StateInUseError';
  }
}

/**
 * Takes a state folder for this process. The lock is the kernel's own: a socket in Linux's abstract namespace, named after the
 * folder's device and inode. Only one process can hold it, it is gone with that process however it ends, and it cannot be left
 * behind as a file with a process id can. (stack/ locks its folder with flock(1), which needs a child process.)
 *
 * @returns how the lock is given back
 * @throws StateInUseError naming the process that holds it
 */
export async function lockState(directory: string): Promise<() => Promise<void>> {
  mkdirSync(directory, { recursive: true });
  const { dev, ino } = statSync(directory, { bigint: true });
  const server = createServer((socket) => socket.destroy());
  const holderFile = join(directory, 'simulator.pid');
  try {
    await listen(server, `\0diskferry-simulator-${String(dev)}-${String(ino)}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new StateInUseError(directory, readHolder(holderFile));
  }
  // Who waits for this simulator does so by its ports.
  server.unref();
  writeFileSync(holderFile, `${String(process.pid)}\n`);
  return () =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
    });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function readHolder(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return /^\d+$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
