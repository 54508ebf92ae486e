import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Connection } from '@temporalio/client';
import { access, chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../stack/free-port';
import { ProcessStartError } from '../../stack/guarded-process';
import { findTemporalBinary, TemporalBinaryError } from '../../stack/temporal-binary';
import { startTemporalServer, type TemporalServerOptions } from '../../stack/temporal-server';
import { temporaryFolder } from '../support/temporary-folder';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(async () => {
  await folder.remove();
});

async function options(name: string): Promise<TemporalServerOptions> {
  return {
    stateDirectory: join(folder.path, name),
    port: await freePort(),
    synchronous: 'NORMAL',
    logFile: join(folder.path, `${name}.log`),
  };
}

describe('the Temporal server', () => {
  test('answers with our search attributes and the retention asked for, also after kill -9 on the same data', async () => {
    const same = { ...(await options('again')), retentionDays: 30 };
    const first = await startTemporalServer(same);
    await first.kill();
    const server = await startTemporalServer(same);
    const connection = await Connection.connect({ address: server.address });
    try {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
      expect(Object.keys(customAttributes)).toEqual(
        expect.arrayContaining(['DiskferrySite', 'DiskferryVm', 'DiskferryPhase']),
      );
      const { config } = await connection.workflowService.describeNamespace({ namespace: 'default' });
      expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 24 * 60 * 60);
    } finally {
      await connection.close();
      await server.stop();
    }
    await expect(server.exited).resolves.toEqual({ code: 0, signal: null });
  });

  test('whose port is taken is refused, though somebody answers there', async () => {
    const taken = await options('first');
    const server = await startTemporalServer(taken);
    try {
      const second = startTemporalServer({ ...(await options('second')), port: taken.port });
      await expect(second).rejects.toThrow(`127.0.0.1:${String(taken.port)} is in use by another program`);
    } finally {
      await server.stop();
    }
  });

  test('that ends at its start says why, with the end of its log', async () => {
    const broken = await options('broken');
    await mkdir(join(broken.stateDirectory, 'temporal.db'), { recursive: true });
    const start = startTemporalServer(broken);
    await expect(start).rejects.toThrow(ProcessStartError);
    await expect(start).rejects.toThrow(/ended at its start\nbroken.log: .*unable to open database file/s);
  });
});

describe('findTemporalBinary', () => {
  const script = async (path: string) => {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, '#!/bin/sh\n');
    await chmod(path, 0o755);
    return path;
  };

  test('takes TEMPORAL_CLI_PATH before the PATH, and the PATH before the cache', async () => {
    const named = await script(join(folder.path, 'named/cli'));
    const onPath = await script(join(folder.path, 'bin/temporal'));
    const cached = await script(join(folder.path, 'cache/diskferry/temporal-1.9.1/temporal'));
    const XDG_CACHE_HOME = join(folder.path, 'cache');
    const PATH = join(folder.path, 'bin');
    expect(findTemporalBinary({ TEMPORAL_CLI_PATH: named, PATH, XDG_CACHE_HOME })).toBe(named);
    expect(findTemporalBinary({ PATH, XDG_CACHE_HOME })).toBe(onPath);
    expect(findTemporalBinary({ PATH: '/nowhere', XDG_CACHE_HOME })).toBe(cached);
  });

  test('refuses a TEMPORAL_CLI_PATH that names nothing, rather than taking another one', async () => {
    await expect(access('/nowhere/temporal')).rejects.toThrow();
    expect(() => findTemporalBinary({ TEMPORAL_CLI_PATH: '/nowhere/temporal' })).toThrow(TemporalBinaryError);
  });
});
