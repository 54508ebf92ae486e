import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, lstat, readlink, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { makeExportLinks } from '../../appliance/export-links';
import { ExportServerError } from '../../appliance/ports';
import { runTool } from '../../appliance/processes';
import { GIB } from '../../domain/sizes';
import { startExportServer } from '../../stack/nbdkit';
import { leftovers, simulatedAppliance, type SimulatedAppliance } from './support/simulated-appliance';

let appliance: SimulatedAppliance;
beforeEach(async () => {
  appliance = await simulatedAppliance();
});
afterEach(() => appliance.remove());

const exportLinks = () => makeExportLinks(appliance);
const nodeOf = (volume: { file: string }) => volume.file;

describe('an export', () => {
  test('is served once opened and refused once closed, each done twice', async () => {
    await appliance.startExports();
    const links = exportLinks();
    const volume = await appliance.plug('vdq', GIB);
    expect(await links.look(volume.volumeId)).toBeUndefined();
    for (const _ of [1, 2]) {
      await links.open(volume.volumeId, nodeOf(volume));
      expect(await links.look(volume.volumeId)).toEqual({ sizeBytes: GIB });
      expect(await links.list()).toEqual([volume.volumeId]);
    }
    expect(await links.close(volume.volumeId)).toBe(true);
    expect(await links.close(volume.volumeId)).toBe(false);
    expect(await links.look(volume.volumeId)).toBeUndefined();
    expect(await links.list()).toEqual([]);
    expect(await leftovers(appliance.exportsDirectory)).toEqual([]);
  });

  test('opened by eight callers at once is one whole link', async () => {
    const volume = await appliance.plug('vdq', GIB);
    await Promise.all(Array.from({ length: 8 }, () => exportLinks().open(volume.volumeId, nodeOf(volume))));
    expect(await exportLinks().list()).toEqual([volume.volumeId]);
    expect(await leftovers(appliance.exportsDirectory)).toEqual([]);
  });

  test('is repaired when its link leads to another device', async () => {
    await appliance.startExports();
    const right = await appliance.plug('vdq', 2 * GIB);
    const other = await appliance.plug('vdr', GIB);
    await exportLinks().open(right.volumeId, nodeOf(other));
    expect(await exportLinks().look(right.volumeId)).toEqual({ sizeBytes: GIB });
    await exportLinks().open(right.volumeId, nodeOf(right));
    expect(await exportLinks().look(right.volumeId)).toEqual({ sizeBytes: 2 * GIB });
    const link = path.join(appliance.exportsDirectory, 'local', `migration-vol-${right.volumeId}`);
    expect(await readlink(link)).toBe(right.file);
  });

  test('that leads nowhere is not served', async () => {
    await appliance.startExports();
    const volumeId = randomUUID();
    await exportLinks().open(volumeId, path.join(appliance.root, 'nothing'));
    expect(await exportLinks().look(volumeId)).toBeUndefined();
  });

  test('names the processes that hold its device', async () => {
    const server = await appliance.startExports();
    const volume = await appliance.plug('vdq', GIB);
    await exportLinks().open(volume.volumeId, nodeOf(volume));
    expect(await exportLinks().holders(volume.volumeId, nodeOf(volume))).toEqual([]);
    const client = spawn('nbdkit', [
      '-f',
      '-U',
      '-',
      '--exit-with-parent',
      'nbd',
      'shared=true',
      `uri=${exportLinks().uri(volume.volumeId)}`,
    ]);
    try {
      await expectEventually(async () =>
        (await exportLinks().holders(volume.volumeId, nodeOf(volume))).includes(`nbdkit (pid ${String(server.pid)})`),
      );
    } finally {
      client.kill('SIGKILL');
    }
    await expectEventually(async () => (await exportLinks().holders(volume.volumeId, nodeOf(volume))).length === 0);
  });

  test('of an earlier boot is gone: nothing is served before its device was proven again', async () => {
    const volume = await appliance.plug('vdq', GIB);
    const before = makeExportLinks({ ...appliance, readBootId: () => Promise.resolve('boot-1') });
    await before.open(volume.volumeId, nodeOf(volume));
    await writeFile(path.join(appliance.exportsDirectory, 'staging', 'half-made'), '');
    expect(await before.list()).toEqual([volume.volumeId]);
    const after = makeExportLinks({ ...appliance, readBootId: () => Promise.resolve('boot-2') });
    expect(await after.list()).toEqual([]);
    expect(await leftovers(appliance.exportsDirectory)).toEqual([]);
    await after.open(volume.volumeId, nodeOf(volume));
    expect(await after.list()).toEqual([volume.volumeId]);
  });
});

describe('the export server', () => {
  test('that is down is said to be down, not to serve nothing', async () => {
    const volume = await appliance.plug('vdq', GIB);
    await expect(exportLinks().look(volume.volumeId)).rejects.toThrow(ExportServerError);
    const server = await appliance.startExports();
    await server.stop();
    await expect(exportLinks().look(volume.volumeId)).rejects.toThrow(ExportServerError);
  });

  test('listens on a socket that nobody else may open', async () => {
    await appliance.startExports();
    const { mode } = await stat(exportLinks().socketPath);
    expect(mode & 0o777).toBe(0o600);
  });

  test('starts again after kill -9, which leaves its socket, and serves what it served', async () => {
    const volume = await appliance.plug('vdq', GIB);
    const first = await appliance.startExports();
    await exportLinks().open(volume.volumeId, nodeOf(volume));
    await first.kill();
    expect((await lstat(exportLinks().socketPath)).isSocket()).toBe(true);
    await appliance.startExports();
    expect(await exportLinks().look(volume.volumeId)).toEqual({ sizeBytes: GIB });
  });

  test('is not started beside one that lives, nor over another program', async () => {
    const server = await appliance.startExports();
    const again = startExportServer({ ...appliance, logFile: path.join(appliance.root, 'second.log') });
    await expect(again).rejects.toThrow(/in use: an NBD server answers/);
    await server.stop();
    const stranger = createServer((socket) => socket.end('hello'));
    await new Promise<void>((resolve) => stranger.listen(exportLinks().socketPath, resolve));
    await chmod(exportLinks().socketPath, 0o600);
    const over = startExportServer({ ...appliance, logFile: path.join(appliance.root, 'second.log') });
    await expect(over).rejects.toThrow(/in use: what listens there is no NBD server/);
    await new Promise((resolve) => stranger.close(resolve));
  });

  test('refuses a path that no Unix socket can have, saying how long it is', async () => {
    const exportsDirectory = path.join(appliance.root, 'x'.repeat(120));
    const start = startExportServer({ exportsDirectory, logFile: path.join(appliance.root, 'n.log') });
    await expect(start).rejects.toThrow(/may have 107: choose a shorter folder/);
  });

  test('an export name cannot leave the folder', async () => {
    await appliance.startExports();
    const uri = `nbd+unix:///..%2Fboot-id?socket=${exportLinks().socketPath}`;
    await expect(runTool({ tool: 'nbdinfo', args: ['--size', uri] })).rejects.toThrow();
  });
});

async function expectEventually(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('did not become true within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
