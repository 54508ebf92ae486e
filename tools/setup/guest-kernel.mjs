/**
 * What test/guest needs to boot a small Linux guest: qemu, the kernel of Debian's cloud image with the modules of virtual disks,
 * and busybox. The packages of the last two are unpacked, not installed: nothing of this machine boots from them.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { findCached, linkInClone, writableCacheFolder } from './cache.mjs';
import { findProgram, outputOf, runQuietly, SetupError } from './commands.mjs';
import { installDebianPackages, installer } from './system-packages.mjs';

const QEMU = 'qemu-system-x86_64';
/** Tests find vmlinuz, busybox and modules/ in `.cache/guest-kernel`. The number rises when their making changes. */
const LINK = 'guest-kernel';
const CACHED = `${LINK}-1`;
/** Why there is none, for the tests to say when they skip. */
const REFUSED = '.cache/guest-kernel-refused';

/** Modules of the disks that CloudStack's KVM hosts give; what they depend on is added. Built-in ones have no file. */
const MODULES = ['virtio_pci', 'virtio_blk', 'virtio_scsi', 'sd_mod'];

/** Brings the guest's parts. Where they cannot be had it says so, and the tests that need them are skipped. */
export async function installGuestKernel(clone, say) {
  const refused = join(clone, REFUSED);
  try {
    await bring(clone, say);
    rmSync(refused, { force: true });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    mkdirSync(join(clone, '.cache'), { recursive: true });
    writeFileSync(refused, error.message);
    say(`guest kernel: NOT THERE, so the tests against a real kernel (test/guest) will be skipped. ${error.message}`);
  }
}

async function bring(clone, say) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupError(`The guest is made of packages for x64, this is ${process.platform} on ${process.arch}.`);
  }
  if (findProgram(QEMU) === undefined) {
    await installDebianPackages(clone, ['qemu-system-x86'], `${QEMU} is missing`, say);
  }
  const cached = findCached(clone, CACHED);
  if (cached !== undefined) {
    linkInClone(clone, LINK, cached);
    return say('guest kernel: there');
  }
  say("guest kernel: fetching Debian's cloud kernel and busybox (a few seconds)");
  const folder = writableCacheFolder(clone);
  const work = mkdtempSync(join(folder, '.fetching-'));
  try {
    await fetchPackages(clone, work);
    const made = join(work, 'made');
    pickParts(join(work, 'unpacked'), made);
    renameSync(made, join(folder, CACHED));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  linkInClone(clone, LINK, join(folder, CACHED));
}

async function fetchPackages(clone, work) {
  const logFile = join(clone, '.cache/setup-guest-kernel.log');
  const download = async () => {
    // The package of that name only depends on the newest kernel, whose name holds its version.
    const depends = outputOf('apt-cache', ['depends', 'linux-image-cloud-amd64']) ?? '';
    const kernel = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
    if (kernel === undefined) throw new SetupError('apt knows no package linux-image-cloud-amd64.');
    const args = ['download', kernel, 'busybox-static'];
    await runQuietly({ what: 'apt-get download', command: 'apt-get', args, cwd: work, logFile });
  };
  try {
    await download();
  } catch (error) {
    // A fresh machine has no lists yet, an old one's name packages that are gone.
    const way = installer();
    if (!(error instanceof SetupError) || way.refused !== undefined) throw error;
    const [command, ...args] = [...way.command, 'apt-get', '-o', 'DPkg::Lock::Timeout=120', 'update'];
    await runQuietly({ what: 'apt-get update', command, args, logFile });
    await download();
  }
  for (const name of readdirSync(work).filter((each) => each.endsWith('.deb'))) {
    const args = ['-x', join(work, name), join(work, 'unpacked')];
    await runQuietly({ what: `Unpacking ${name}`, command: 'dpkg-deb', args, logFile });
  }
}

/** Copies kernel, busybox and the modules, numbered in the order in which they are loaded. */
function pickParts(unpacked, made) {
  mkdirSync(join(made, 'modules'), { recursive: true });
  const boot = join(unpacked, 'boot');
  const kernel = readdirSync(boot).find((name) => name.startsWith('vmlinuz-'));
  const busybox = ['bin/busybox', 'usr/bin/busybox']
    .map((name) => join(unpacked, name))
    .find((path) => existsSync(path));
  const library = ['lib/modules', 'usr/lib/modules']
    .map((name) => join(unpacked, name))
    .find((path) => existsSync(path));
  if (kernel === undefined || busybox === undefined || library === undefined) {
    throw new SetupError("Debian's packages of kernel and busybox hold something else than expected.");
  }
  copyFileSync(join(boot, kernel), join(made, 'vmlinuz'));
  copyFileSync(busybox, join(made, 'busybox'));
  loadOrder(library, busybox).forEach(({ name, content }, index) => {
    writeFileSync(join(made, 'modules', `${String(index).padStart(2, '0')}-${name}.ko`), content);
  });
}

/** The wanted modules behind everything that each depends on, by what they say of themselves (`depends=` in .modinfo). */
function loadOrder(library, busybox) {
  const files = new Map(
    readdirSync(library, { recursive: true })
      .filter((path) => /\.ko(\.xz)?$/.test(path))
      .map((path) => [moduleName(path), join(library, path)]),
  );
  const ordered = new Map();
  const add = (name) => {
    const file = files.get(name);
    if (file === undefined || ordered.has(name)) return;
    const content = moduleContent(file, busybox);
    const depends = /\0depends=([^\0]*)\0/.exec(content.toString('latin1'))?.[1] ?? '';
    for (const other of depends.split(',').filter((each) => each !== '')) add(moduleName(other));
    ordered.set(name, { name, content });
  };
  MODULES.forEach(add);
  return [...ordered.values()];
}

/** `-` and `_` are the same in a module's name. */
function moduleName(path) {
  return basename(path)
    .replace(/\.ko(\.xz)?$/, '')
    .replaceAll('-', '_');
}

/** Debian 13 packs its modules. */
function moduleContent(file, busybox) {
  if (file.endsWith('.ko')) return readFileSync(file);
  const run = spawnSync(busybox, ['unxz', '-c', file], { maxBuffer: 64 * 1024 * 1024 });
  if (run.status !== 0) throw new SetupError(`busybox cannot unpack ${basename(file)}: ${String(run.stderr)}`);
  return run.stdout;
}
