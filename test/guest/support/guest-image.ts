import { transformSync } from '@swc/core';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import path from 'node:path';
import { packageRoot } from '../../../stack/package-root';
import { cpioArchive, type CpioFile } from './cpio';

const AGENT = path.join(__dirname, '../agent/main.ts');
const APP = 'app';

/**
 * Packs the initramfs of the guest: busybox as init, the kernel's modules, this machine's node with the libraries that it is
 * linked to, and the agent with everything that it requires, compiled.
 *
 * @param kernelParts folder that set-up made (`.cache/guest-kernel`)
 */
export function buildGuestImage(kernelParts: string, imageFile: string): void {
  const modules = readdirSync(path.join(kernelParts, 'modules')).sort();
  const files: CpioFile[] = [
    { name: 'init', content: Buffer.from(initScript(modules)) },
    { name: 'bin/busybox', content: readFileSync(path.join(kernelParts, 'busybox')) },
    ...modules.map((name) => ({
      name: `modules/${name}`,
      content: readFileSync(path.join(kernelParts, 'modules', name)),
    })),
    { name: 'bin/node', content: readFileSync(process.execPath) },
    ...librariesOf(process.execPath).map((file) => ({ name: file.slice(1), content: readFileSync(file) })),
    ...requiredBy(AGENT),
  ];
  writeFileSync(imageFile, cpioArchive(files, ['proc', 'sys', 'dev', 'mnt']));
}

/** The serial line carries bytes as they are; node's own complaints go to the console, which the test keeps. */
function initScript(modules: readonly string[]): string {
  const agent = `/${APP}/${compiledName(AGENT)}`;
  return `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
for module in ${modules.join(' ')}; do /bin/busybox insmod /modules/$module; done
/bin/busybox stty -F /dev/ttyS1 raw -echo
/bin/node ${agent} < /dev/ttyS1 > /dev/ttyS1
/bin/busybox poweroff -f
`;
}

function librariesOf(program: string): string[] {
  const listing = spawnSync('ldd', [program], { encoding: 'utf8' }).stdout;
  // "libm.so.6 => /lib/…/libm.so.6 (0x…)", and the loader without an arrow
  return [...listing.matchAll(/(?:=> |^\t)(\/\S+) \(/gm)].map((match) => match[1] ?? '');
}

/** The file and everything that it requires, as they stand below the package's folder. */
function requiredBy(entry: string): CpioFile[] {
  const packed = new Map<string, CpioFile>();
  const add = (file: string): void => {
    if (packed.has(file)) return;
    const code = file.endsWith('.ts') ? compile(file) : readFileSync(file, 'utf8');
    packed.set(file, { name: `${APP}/${compiledName(file)}`, content: Buffer.from(code) });
    if (!/\.[cm]?[jt]s$/.test(file)) return;
    for (const [, , name = ''] of code.matchAll(/\brequire\((["'])([^"']+)\1\)/g)) {
      if (!name.startsWith('node:') && !builtinModules.includes(name)) add(resolveFrom(file, name));
    }
    if (file.includes('/node_modules/')) addPackageFile(file);
  };
  const addPackageFile = (file: string): void => {
    const [folder] = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? [''];
    add(path.join(folder, 'package.json'));
  };
  add(entry);
  return [...packed.values()];
}

function resolveFrom(file: string, name: string): string {
  const require = createRequire(file);
  return name.startsWith('.') && file.endsWith('.ts')
    ? path.resolve(path.dirname(file), `${name}.ts`)
    : require.resolve(name);
}

function compile(file: string): string {
  return transformSync(readFileSync(file, 'utf8'), {
    filename: file,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  }).code;
}

function compiledName(file: string): string {
  return path.relative(packageRoot(), file).replace(/\.ts$/, '.js');
}
