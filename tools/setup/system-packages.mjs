import { join } from 'node:path';
import { findProgram, runQuietly, SetupError, succeeds } from './commands.mjs';

/** What is needed of the distribution: each program and Debian's package that brings it. */
export const systemPrograms = {
  mariadbd: 'mariadb-server',
  'mariadb-install-db': 'mariadb-server',
  nbdkit: 'nbdkit',
  nbdinfo: 'libnbd-bin',
  nbdcopy: 'libnbd-bin',
  'qemu-img': 'qemu-utils',
  'qemu-io': 'qemu-utils',
  sfdisk: 'fdisk',
  mke2fs: 'e2fsprogs',
  debugfs: 'e2fsprogs',
  fallocate: 'util-linux',
  setpriv: 'util-linux',
  flock: 'util-linux',
};

/**
 * Runs as root. A policy-rc.d that says 101 is Debian's way to keep a package's service from being started by its installation
 * (invoke-rc.d(8)); one that is there already is left alone, ours is removed afterwards. RUNLEVEL=1 does the same for init
 * scripts that ask the run level.
 */
const INSTALL_SCRIPT = `
set -e
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 LC_ALL=C.UTF-8
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
apt-get -o DPkg::Lock::Timeout=120 update
apt-get -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold install -y --no-install-recommends "$@"
`;

/**
 * The programs that are not on this machine.
 *
 * @param {readonly string[]} programs
 * @param {{ path?: string, systemFolders?: readonly string[] }} [where]
 */
export function missingPrograms(programs = Object.keys(systemPrograms), where = {}) {
  return programs.filter((program) => findProgram(program, where) === undefined);
}

/** How packages can be installed here: as root, through sudo without a password, or not at all (with the reason). */
export function installer(where = {}) {
  if (findProgram('apt-get', where) === undefined) return { refused: 'this is no Debian (apt-get is missing)' };
  if (process.getuid?.() === 0) return { command: [] };
  const sudo = findProgram('sudo', where);
  if (sudo !== undefined && succeeds(sudo, ['-n', 'true'])) return { command: [sudo, '-n'] };
  return { refused: 'this user may not install packages (not root, and sudo asks for a password)' };
}

/**
 * Installs Debian packages without starting their services and without asking anything.
 *
 * @throws SetupError naming what is missing and the command to run, when packages may not be installed here or it failed
 */
export async function installDebianPackages(clone, packages, why, say) {
  const way = installer();
  if (way.refused !== undefined) throw new SetupError(missingMessage(packages, why, way.refused));
  say(`Debian packages: installing ${packages.join(', ')} (a minute or two)`);
  const [command, ...args] = [...way.command, 'sh', '-c', INSTALL_SCRIPT, 'sh', ...packages];
  const logFile = join(clone, '.cache/setup-apt.log');
  await runQuietly({ what: `Installing ${packages.join(', ')}`, command, args, logFile });
}

export function missingMessage(packages, why, refused) {
  return [
    `${why}, and ${refused}.`,
    'Have this run by somebody who may, then run this again:',
    `  sudo apt-get update && sudo apt-get install --no-install-recommends ${packages.join(' ')}`,
  ].join('\n');
}

/** Makes sure that every program of {@link systemPrograms} is there. */
export async function installSystemPackages(clone, say) {
  const missing = missingPrograms();
  if (missing.length === 0) return say('Debian packages: there');
  const packages = [...new Set(missing.map((program) => systemPrograms[program]))];
  const why = `These programs are missing: ${missing.join(', ')}`;
  await installDebianPackages(clone, packages, why, say);
  const still = missingPrograms();
  if (still.length > 0) {
    throw new SetupError(`${packages.join(', ')} are installed, yet these programs are missing: ${still.join(', ')}`);
  }
}
