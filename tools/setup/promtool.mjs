/**
 * Prometheus' own checker, promtool, by which test/stack/alerts.test.ts has the example alerts judged. Debian's package is unpacked, not
 * installed: no Prometheus runs because of it.
 */
import { copyFileSync, chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCached, linkInClone, writableCacheFolder } from './cache.mjs';
import { findProgram, runQuietly, SetupError, succeeds } from './commands.mjs';
import { installer } from './system-packages.mjs';

/** Tests find the program in `.cache/promtool`. The number rises when its making changes. */
const LINK = 'promtool';
const CACHED = `${LINK}-1`;
/** Why there is none, for the tests to say when they skip. */
const REFUSED = '.cache/promtool-refused';

/** Brings promtool. Where it cannot be had it says so, and the tests that need it are skipped. */
export async function installPromtool(clone, say) {
  const refused = join(clone, REFUSED);
  try {
    await bring(clone, say);
    rmSync(refused, { force: true });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    mkdirSync(join(clone, '.cache'), { recursive: true });
    writeFileSync(refused, error.message);
    say(`promtool: NOT THERE, so the example alerts will not be checked by it. ${error.message}`);
  }
}

async function bring(clone, say) {
  const onPath = findProgram('promtool');
  const found = onPath ?? findCached(clone, CACHED);
  if (found !== undefined) {
    linkInClone(clone, LINK, found);
    return say('promtool: there');
  }
  if (findProgram('apt-get') === undefined) throw new SetupError('This is no Debian; put promtool on the PATH.');
  say("promtool: fetching Debian's package of Prometheus (20 MB, unpacked only)");
  const folder = writableCacheFolder(clone);
  const work = mkdtempSync(join(folder, '.fetching-'));
  try {
    await fetchPackage(clone, work);
    const program = join(work, 'unpacked/usr/bin/promtool');
    if (!succeeds(program, ['--version'])) throw new SetupError("Debian's promtool does not run here.");
    copyFileSync(program, join(work, CACHED));
    chmodSync(join(work, CACHED), 0o755);
    renameSync(join(work, CACHED), join(folder, CACHED));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  linkInClone(clone, LINK, join(folder, CACHED));
}

async function fetchPackage(clone, work) {
  const logFile = join(clone, '.cache/setup-promtool.log');
  const args = ['download', 'prometheus'];
  const download = () => runQuietly({ what: 'apt-get download', command: 'apt-get', args, cwd: work, logFile });
  try {
    await download();
  } catch (error) {
    // A fresh machine has no lists yet, an old one's name packages that are gone.
    const way = installer();
    if (!(error instanceof SetupError) || way.refused !== undefined) throw error;
    const [command, ...update] = [...way.command, 'apt-get', '-o', 'DPkg::Lock::Timeout=120', 'update'];
    await runQuietly({ what: 'apt-get update', command, args: update, logFile });
    await download();
  }
  const name = readdirSync(work).find((each) => each.endsWith('.deb'));
  if (name === undefined) throw new SetupError('apt-get brought no package.');
  const unpack = ['-x', join(work, name), join(work, 'unpacked')];
  await runQuietly({ what: `Unpacking ${name}`, command: 'dpkg-deb', args: unpack, logFile });
}
