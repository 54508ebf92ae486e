import { mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type GuardedProcess, ProcessStartError, startGuarded, waitUntilReady } from './guarded-process';
import { isPortFree } from './lasting-ports';
import { findProgram, runProgram } from './programs';

/** Where a source is served: on a Unix socket or on a TCP port of 127.0.0.1. */
export type SourceAddress = { readonly socket: string } | { readonly port: number };

/**
 * Serves images read-only over NBD, each under its name, as a vCenter's proxy or another hypervisor would.
 *
 * @param folder - made anew; holds the links that are served
 * @returns the process, and the NBD URI of each image by name
 * @throws ProcessStartError when nbdkit is missing or does not come up
 */
export async function startSourceServer(options: {
  readonly folder: string;
  readonly images: Readonly<Record<string, string>>;
  readonly address: SourceAddress;
  readonly logFile: string;
  /** milliseconds that each read takes, one after the other, as of a slow source; as fast as it goes when not given */
  readonly readDelayMs?: number;
}): Promise<{ readonly process: GuardedProcess; readonly uris: Readonly<Record<string, string>> }> {
  const { folder, images, address, logFile } = options;
  const nbdkit = await required('nbdkit', 'nbdkit');
  const nbdinfo = await required('nbdinfo', 'libnbd-bin');
  const links = join(folder, 'links');
  await rm(links, { recursive: true, force: true });
  await mkdir(links, { recursive: true });
  for (const [name, path] of Object.entries(images)) await symlink(path, join(links, name));
  if ('socket' in address) {
    await mkdir(dirname(address.socket), { recursive: true, mode: 0o700 });
    await rm(address.socket, { force: true });
  } else if (!(await isPortFree(address.port))) {
    throw new ProcessStartError(`source: 127.0.0.1:${String(address.port)} is in use by another program`);
  }
  const listen =
    'socket' in address ? ['--unix', address.socket] : ['--ipaddr', '127.0.0.1', '--port', String(address.port)];
  const server = await startGuarded({
    name: 'source',
    command: nbdkit,
    args: [
      ...['--foreground', '--readonly', ...listen],
      // Not the rate filter: with it nbdkit 1.32 aborts when a client is killed in the middle of a read.
      ...(options.readDelayMs === undefined ? [] : ['--threads=1', '--filter=delay']),
      ...['file', `dir=${links}`],
      ...(options.readDelayMs === undefined ? [] : [`rdelay=${String(options.readDelayMs)}ms`]),
    ],
    logFile,
  });
  const uris = Object.fromEntries(Object.keys(images).map((name) => [name, uriOf(name, address)]));
  const first = Object.values(uris)[0];
  await waitUntilReady(
    server,
    async () => first === undefined || (await runProgram(nbdinfo, ['--size', first])).code === 0,
    20_000,
  );
  return { process: server, uris };
}

function uriOf(name: string, address: SourceAddress): string {
  return 'socket' in address
    ? `nbd+unix:///${name}?socket=${encodeURIComponent(address.socket).replaceAll('%2F', '/')}`
    : `nbd://127.0.0.1:${String(address.port)}/${name}`;
}

async function required(program: string, debianPackage: string): Promise<string> {
  const path = await findProgram(program);
  if (path !== undefined) return path;
  throw new ProcessStartError(`${program} is not installed (Debian: apt-get install ${debianPackage})`);
}
