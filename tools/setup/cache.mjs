import { existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { SetupError } from './commands.mjs';

/**
 * Where what was fetched is kept, best first: the user's cache, which outlives clones, then the clone's own.
 *
 * @param {string} clone - folder of the clone
 */
export function cacheFolders(clone, { env = process.env, home = homedir() } = {}) {
  const userCache = env.XDG_CACHE_HOME || join(home, '.cache');
  return [join(userCache, 'diskferry'), join(clone, '.cache')];
}

/**
 * The first cache folder that can be written, made when missing; a read-only home is no reason to stop.
 *
 * @throws SetupError when none can
 */
export function writableCacheFolder(clone) {
  const folders = cacheFolders(clone);
  for (const folder of folders) {
    try {
      mkdirSync(folder, { recursive: true });
      rmSync(mkdtempSync(join(folder, '.probe-')), { recursive: true });
      return folder;
    } catch {
      // the next one
    }
  }
  throw new SetupError(`None of ${folders.join(', ')} can be written.`);
}

/** The cached thing of that name, or undefined. */
export function findCached(clone, name) {
  return cacheFolders(clone)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** Makes `.cache/LINK` of the clone lead to a cached thing, where tests find it without knowing which cache it is in. */
export function linkInClone(clone, link, target) {
  const path = join(clone, '.cache', link);
  if (path === target) return;
  mkdirSync(join(clone, '.cache'), { recursive: true });
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) rmSync(path, { recursive: true });
  symlinkSync(target, path);
}
