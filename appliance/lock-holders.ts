import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { CopyLockedError } from './ports';

/** How long a process that was killed may take to be gone. */
const GONE_WITHIN_MS = 10_000;
const LOOK_AGAIN_MS = 20;

/**
 * Ends whatever else holds a lock of ours: something that a command of ours has started and that has left its process group, so
 * that nothing else reaches it. Who only waits for the lock is left alone.
 *
 * @throws CopyLockedError when something does not go
 */
export async function endOtherHolders(lockPath: string): Promise<void> {
  for (const deadline = Date.now() + GONE_WITHIN_MS; ;) {
    const holders = await otherHolders(lockPath);
    if (holders.length === 0) return;
    if (Date.now() > deadline) throw new CopyLockedError(lockPath);
    for (const pid of holders) end(pid);
    await pause(LOOK_AGAIN_MS);
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Processes but this one that have the very open file on which the lock sits. The kernel shows a lock beside no other descriptor of
 * the same file (`lock:` in proc_pid_fdinfo(5)), so one that opened it to wait is not among them.
 */
async function otherHolders(lockPath: string): Promise<number[]> {
  const holders: number[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid))) {
    // A process or descriptor may be gone by now: then it holds nothing.
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      if ((await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')) !== lockPath) continue;
      const shown = await readFile(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8').catch(() => '');
      if (shown.includes('lock:')) holders.push(Number(pid));
    }
  }
  return holders;
}
