import { open, stat, unlink, mkdir, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { isMissing } from './device-node';
import { CopyLockedError, type CopyLock } from './ports';
import { runTool, ToolError } from './processes';

/**
 * One lock per volume: whoever writes it or reads it back holds it, and detach, closeExport and the next attempt must obtain it.
 *
 * The lock sits on an open file that the worker keeps and that every child of the copy inherits: it falls only when the worker
 * has let go *and* the last child is dead, also after a `kill -9` of the worker. (`flock FILE COMMAND` around each child would
 * leave gaps between children, and two tools of one copy could not run side by side.) `flock --timeout` instead of `--nonblock`:
 * {@link CopyLock.isFree} holds the lock for a moment.
 */
export interface CopyLocks extends CopyLock {
  /** @throws CopyLockedError when another process holds the lock */
  acquire(volumeId: string): Promise<HeldCopyLock>;
}

export interface HeldCopyLock {
  /** descriptor for the children to inherit */
  readonly descriptor: number;
  /** Removes the lock file and lets go. Every child must be dead. */
  release(): Promise<void>;
}

export function makeCopyLocks(exportsDirectory: string): CopyLocks {
  const folder = path.join(exportsDirectory, 'locks');
  const pathOf = (volumeId: string) => path.join(folder, `${volumeId}.lock`);
  return {
    path: pathOf,
    acquire: async (volumeId) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return acquireFileLock(pathOf(volumeId));
    },
    isFree: async (volumeId) => {
      const file = pathOf(volumeId);
      try {
        await stat(file);
      } catch (error) {
        if (isMissing(error)) return true;
        throw error;
      }
      try {
        // also clears away the file that a killed worker left
        await (await acquireFileLock(file, 0)).release();
        return true;
      } catch (error) {
        if (error instanceof CopyLockedError) return false;
        throw error;
      }
    },
  };
}

/**
 * Takes an exclusive lock on a file, which is made when it is not there.
 *
 * @throws CopyLockedError when somebody else holds it for longer than that
 */
export async function acquireFileLock(file: string, waitSeconds = 1): Promise<HeldCopyLock> {
  for (;;) {
    const handle = await open(file, 'a', 0o600);
    try {
      await runTool({
        tool: 'flock',
        args: ['--exclusive', '--timeout', String(waitSeconds), '3'],
        inherit: [handle.fd],
      });
      // a holder removes the file before it lets go: what was locked then is not the lock any more
      if (await isSameFile(handle, file)) return heldLock(handle, file);
      await handle.close();
    } catch (error) {
      await handle.close();
      if (error instanceof ToolError && error.status === 'exit status 1') throw new CopyLockedError(file);
      throw error;
    }
  }
}

function heldLock(handle: FileHandle, file: string): HeldCopyLock {
  return {
    descriptor: handle.fd,
    release: async () => {
      try {
        await unlink(file);
      } catch (error) {
        if (!isMissing(error)) throw error;
      } finally {
        await handle.close();
      }
    },
  };
}

async function isSameFile(handle: FileHandle, file: string): Promise<boolean> {
  const held = await handle.stat();
  try {
    const named = await stat(file);
    return named.ino === held.ino && named.dev === held.dev;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
