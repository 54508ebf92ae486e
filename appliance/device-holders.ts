import { readFile, readdir, readlink, stat } from 'node:fs/promises';

/**
 * Processes that hold a device or file open, as text for people (`nbdkit (pid 4711)`), found through /proc. A process that this
 * worker may not look into is passed over: on an appliance the worker runs as root, beside nbdkit.
 */
export async function holdersOf(device: string): Promise<string[]> {
  let wanted: { readonly block: boolean; readonly rdev: number; readonly dev: number; readonly ino: number };
  try {
    const found = await stat(device);
    wanted = { block: found.isBlockDevice(), rdev: found.rdev, dev: found.dev, ino: found.ino };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return scanOpenFiles(async (file) => {
    const open = await stat(file);
    return wanted.block
      ? open.isBlockDevice() && open.rdev === wanted.rdev
      : open.dev === wanted.dev && open.ino === wanted.ino;
  });
}

/** Processes that hold open a file whose path holds `part`, whether or not it still stands in a folder. */
export function holdersOfPath(part: string): Promise<string[]> {
  return scanOpenFiles((_, target) => Promise.resolve(target.includes(part)));
}

async function scanOpenFiles(matches: (file: string, target: string) => Promise<boolean>): Promise<string[]> {
  const holders: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const folder = `/proc/${pid}/fd`;
    for (const descriptor of await readdir(folder).catch(() => [])) {
      const file = `${folder}/${descriptor}`;
      // a process or descriptor may be gone by now: then it holds nothing
      const target = await readlink(file).catch(() => '');
      if (!target.startsWith('/')) continue;
      if (await matches(file, target).catch(() => false)) {
        const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
        if (name !== '') holders.push(`${name.trim()} (pid ${pid})`);
        break;
      }
    }
  }
  return holders;
}
