import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findCached, linkInClone, writableCacheFolder } from './cache.mjs';
import { runQuietly } from './commands.mjs';
import { findPip } from './pip.mjs';

const REQUIREMENTS = 'test/simulator/other-clients/requirements.txt';
/** What tests put on Python's path: `.cache/python-clients`. */
const LINK = 'python-clients';

/**
 * Fetches the CloudStack clients of other people that are held against the simulator, pinned by version and hash, into a folder of
 * their own: nothing of this machine's Python changes.
 *
 * @throws SetupError when there is no pip, or it brings something else than what is pinned
 */
export async function installPythonClients(clone, say) {
  const requirements = join(clone, REQUIREMENTS);
  const name = `${LINK}-${createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12)}`;
  const cached = findCached(clone, name);
  if (cached !== undefined) {
    linkInClone(clone, LINK, cached);
    return say("other people's clients: there");
  }
  const pip = await findPip(clone, say);
  const folder = writableCacheFolder(clone);
  say("other people's clients: fetching the Python client cs (a few seconds)");
  const work = mkdtempSync(join(folder, '.fetching-'));
  try {
    const [command, ...args] = [
      ...pip,
      ...['install', '--target', join(work, 'site'), '--requirement', requirements],
      ...['--require-hashes', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--no-input'],
    ];
    const logFile = join(clone, '.cache/setup-python-clients.log');
    await runQuietly({ what: 'pip install', command, args, logFile });
    renameSync(join(work, 'site'), join(folder, name));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  linkInClone(clone, LINK, join(folder, name));
}
