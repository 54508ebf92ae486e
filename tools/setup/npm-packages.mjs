import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, runQuietly, SetupError } from './commands.mjs';

const STAMP = 'node_modules/.diskferry-stamp';
/** npm's own record of what it installed. */
const INSTALLED = 'node_modules/.package-lock.json';

/**
 * Installs the npm packages of package-lock.json, unless exactly these are there.
 *
 * @param {string} clone - folder of the clone
 * @param {(line: string) => void} say
 */
export async function installNpmPackages(clone, say) {
  const lockText = readFileSync(join(clone, 'package-lock.json'), 'utf8');
  const lockHash = createHash('sha256').update(lockText).digest('hex');
  const stamp = join(clone, STAMP);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === lockHash) return say('npm packages: there');

  if (installedAsLocked(clone, JSON.parse(lockText))) {
    say('npm packages: there');
  } else {
    const npm = findProgram('npm');
    if (npm === undefined) throw new SetupError('npm is missing; it comes with Node. Install it, then run this again.');
    say('npm packages: installing (npm ci, up to a minute)');
    const logFile = join(clone, '.cache/setup-npm.log');
    // Without --include=dev a NODE_ENV=production in the caller's environment would leave the compiler out.
    await runQuietly({ what: 'npm ci', command: npm, args: ['ci', '--include=dev'], cwd: clone, logFile });
  }
  writeFileSync(stamp, `${lockHash}\n`);
}

/** Whether what npm last installed is what the lock file says; `npm install` of one more package leaves it so. */
function installedAsLocked(clone, lock) {
  const file = join(clone, INSTALLED);
  if (!existsSync(file)) return false;
  const installed = JSON.parse(readFileSync(file, 'utf8')).packages;
  return Object.entries(lock.packages).every(
    ([path, wanted]) => path === '' || wanted.optional || installed[path]?.version === wanted.version,
  );
}
