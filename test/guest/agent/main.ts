/**
 * Runs inside the guest, on its second serial port: the real device resolver over the guest's own /dev, /sys and /proc. One
 * question per line, one answer per line.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { release, uptime } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { makeDeviceResolver } from '../../../appliance/device-resolver';
import { DeviceError } from '../../../appliance/ports';
import { sysfsFiles, type Greeting, type Question, type ShownDisk, type Verdict } from './protocol';
import { byIdNames, diskNames } from './udev-links';

const byIdDirectory = '/dev/disk/by-id';
const sysfsBlockDirectory = '/sys/block';
const resolver = makeDeviceResolver({ byIdDirectory, sysfsBlockDirectory, simulated: false });
const forced = new Map<string, string>();

/** Does what udevd would have done by now. */
function makeLinks(): void {
  mkdirSync(byIdDirectory, { recursive: true });
  for (const name of readdirSync(byIdDirectory)) rmSync(path.join(byIdDirectory, name));
  const links = new Map<string, string>();
  for (const kernelName of diskNames(sysfsBlockDirectory)) {
    for (const name of byIdNames(path.join(sysfsBlockDirectory, kernelName))) links.set(name, kernelName);
  }
  for (const [name, kernelName] of new Map([...links, ...forced])) {
    symlinkSync(`../../${kernelName}`, path.join(byIdDirectory, name));
  }
}

function disks(): ShownDisk[] {
  return diskNames(sysfsBlockDirectory).map((kernelName) => {
    const folder = path.join(sysfsBlockDirectory, kernelName);
    const files = sysfsFiles.flatMap((file) => {
      try {
        return [[file, readFileSync(path.join(folder, file)).toString('base64')] as const];
      } catch {
        return [];
      }
    });
    return { kernelName, links: byIdNames(folder), files: Object.fromEntries(files) };
  });
}

async function verdict<Value>(work: Promise<Value>): Promise<Verdict<Value>> {
  try {
    return { value: await work };
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return { refused: { kind: error.kind, evidence: error.evidence } };
  }
}

async function answer(question: Question): Promise<unknown> {
  makeLinks();
  switch (question.ask) {
    case 'disks':
      return disks();
    case 'prove':
      return await verdict(resolver.prove(question.volumeId, question.minBytes));
    case 'reprove':
      return await verdict(resolver.reprove(question.volumeId, question.proof).then(() => 'proven'));
    case 'gone':
      return await resolver.gone(question.volumeId);
    case 'forceLink':
      forced.set(question.name, question.kernelName);
      return true;
    case 'run': {
      const run = spawnSync('/bin/busybox', question.command, { encoding: 'utf8' });
      return run.status === 0 ? run.stdout : { failed: run.stderr };
    }
  }
}

function say(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

say({ kernel: release(), uptimeSeconds: uptime() } satisfies Greeting);
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  answer(JSON.parse(line) as Question).then(
    (value) => {
      say({ value });
    },
    (error: unknown) => {
      say({ error: String(error) });
    },
  );
});
