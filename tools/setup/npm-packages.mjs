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
 * By `npm install --no-save`, not `npm ci`: the lock file was made where the registry lacks some of the optional binaries for other
 * platforms, so that it has no entry for them, and `npm ci` refuses such a file. What `npm ci` promises is checked here instead.
 *
 * @param {string} clone - folder of the clone
 * @param {(line: string) => void} say
 * @throws SetupError when package.json has moved on from the lock file, or something else than the locked was installed
 */
export async function installNpmPackages(clone, say) {
  const lockText = readFileSync(join(clone, 'package-lock.json'), 'utf8');
  const lockHash = createHash('sha256').update(lockText).digest('hex');
  const stamp = join(clone, STAMP);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === lockHash) return say('npm packages: there');

  const lock = JSON.parse(lockText);
  if (installedAsLocked(clone, lock)) {
    say('npm packages: there');
  } else {
    refuseOutdatedLock(clone, lock);
    const npm = findProgram('npm');
    if (npm === undefined) throw new SetupError('npm is missing; it comes with Node. Install it, then run this again.');
    say('npm packages: installing (up to a minute)');
    const logFile = join(clone, '.cache/setup-npm.log');
    // Without --include=dev a NODE_ENV=production in the caller's environment would leave the compiler out.
    const args = ['install', '--no-save', '--include=dev', '--no-audit', '--no-fund'];
    await runQuietly({ what: 'npm install', command: npm, args, cwd: clone, logFile });
    if (!installedAsLocked(clone, lock)) {
      throw new SetupError(
        'npm installed other versions than package-lock.json says; remove node_modules and run this again.',
      );
    }
  }
  writeFileSync(stamp, `${lockHash}\n`);
}

function refuseOutdatedLock(clone, lock) {
  const manifest = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8'));
  for (const kind of ['dependencies', 'devDependencies']) {
    const [wanted, locked] = [manifest[kind] ?? {}, lock.packages['']?.[kind] ?? {}];
    const differing = [...Object.keys(wanted), ...Object.keys(locked)].find((name) => wanted[name] !== locked[name]);
    if (differing !== undefined) {
      throw new SetupError(`package.json and package-lock.json do not agree on ${differing}; run: npm install`);
    }
  }
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
