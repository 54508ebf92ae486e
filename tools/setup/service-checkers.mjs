/**
 * What test/stack has the files of examples/ judged by: systemd's own checker for the units, Prometheus' own (promtool) for the alerts.
 * Of Prometheus Debian's package is unpacked, not installed: no server runs because of it.
 */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { findCached, linkInClone, writableCacheFolder } from './cache.mjs';
import { findProgram, runQuietly, SetupError, succeeds } from './commands.mjs';
import { installDebianPackages, installer } from './system-packages.mjs';

/** Tests find the program in `.cache/promtool`. The number rises when its making changes. */
const PROMTOOL = 'promtool';
const CACHED_PROMTOOL = `${PROMTOOL}-1`;

/** Brings both. Where one cannot be had it says so, and the tests that need it are skipped: they find why in `.cache/NAME-refused`. */
export async function installServiceCheckers(clone, say) {
  await orSayWhy(clone, say, 'systemd-analyze', () => bringSystemdAnalyze(clone, say));
  await orSayWhy(clone, say, PROMTOOL, () => bringPromtool(clone, say));
}

async function orSayWhy(clone, say, name, bring) {
  const refused = join(clone, `.cache/${name}-refused`);
  try {
    await bring();
    rmSync(refused, { force: true });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    mkdirSync(join(clone, '.cache'), { recursive: true });
    writeFileSync(refused, error.message);
    say(`${name}: NOT THERE, so what it judges (test/stack) will be skipped. ${error.message}`);
  }
}

async function bringSystemdAnalyze(clone, say) {
  if (findProgram('systemd-analyze') !== undefined) return say('systemd-analyze: there');
  await installDebianPackages(clone, ['systemd'], 'systemd-analyze is missing', say);
}

async function bringPromtool(clone, say) {
  const found = findProgram(PROMTOOL) ?? findCached(clone, CACHED_PROMTOOL);
  if (found !== undefined) {
    linkInClone(clone, PROMTOOL, found);
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
    copyFileSync(program, join(work, CACHED_PROMTOOL));
    chmodSync(join(work, CACHED_PROMTOOL), 0o755);
    renameSync(join(work, CACHED_PROMTOOL), join(folder, CACHED_PROMTOOL));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  linkInClone(clone, PROMTOOL, join(folder, CACHED_PROMTOOL));
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
