import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { FolderLockedError, lockFolder } from '../../stack/folder-lock';
import { openStateFolder, StateFolderError, writeConfiguration } from '../../stack/state-folder';
import { demoApplianceId } from '../../stack/local-stack';
import { loadConfiguration } from '../../worker/config';
import { databaseAccess, secretFileWarnings, siteKeys } from '../../worker/secrets';
import { temporaryFolder } from '../support/temporary-folder';
import { until } from '../support/until';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(async () => {
  await folder.remove();
});

describe('a state folder', () => {
  test('keeps its ports and its password', async () => {
    const first = await openStateFolder(join(folder.path, 'kept'));
    const second = await openStateFolder(join(folder.path, 'kept'));
    expect(second.ports).toEqual(first.ports);
    expect(new Set(Object.values(first.ports)).size).toBe(Object.keys(first.ports).length);
    expect(second.databasePassword).toBe(first.databasePassword);
    expect(await readFile(first.temporalConfigFile, 'utf8')).toContain(`"127.0.0.1:${String(first.ports.temporal)}"`);
  });

  test('holds a configuration that a worker reads, with secrets that only the user may read', async () => {
    const state = await openStateFolder(join(folder.path, 'conf'));
    await writeConfiguration(state, {
      endpoint: 'http://127.0.0.1:15001/client/api',
      apiKey: 'a-key',
      secretKey: 'a-secret',
      appliances: [demoApplianceId],
      simulatorFolder: 'simulator',
    });
    const configuration = await loadConfiguration(state.configurationFile);
    const site = configuration.sites.get('qc');
    const appliance = site?.appliances.get(demoApplianceId);
    expect(site?.endpoint).toBe('http://127.0.0.1:15001/client/api');
    expect(appliance).toMatchObject({
      exportsDirectory: state.path('exports', demoApplianceId),
      byIdDirectory: state.path('simulator', 'guests', demoApplianceId, 'by-id'),
      simulated: true,
    });
    expect((await readFile(appliance?.identityFile ?? '', 'utf8')).trim()).toBe(demoApplianceId);
    expect(site === undefined ? undefined : await siteKeys(configuration, site)).toEqual({
      apiKey: 'a-key',
      secretKey: 'a-secret',
    });
    expect(await databaseAccess(configuration)).toMatchObject({ password: state.databasePassword });
    expect(await secretFileWarnings(configuration)).toEqual([]);
    expect((await stat(state.path('secrets', 'database.password'))).mode & 0o777).toBe(0o600);
  });

  test('is not made in a folder that holds something else', async () => {
    const other = join(folder.path, 'other');
    await mkdir(other);
    await writeFile(join(other, 'thesis.txt'), '');
    await expect(openStateFolder(other)).rejects.toThrow(/is no state folder.*thesis\.txt/);
  });

  test('of another version is refused, not overwritten', async () => {
    const newer = join(folder.path, 'newer');
    await mkdir(newer);
    await writeFile(join(newer, 'state.json'), '{"version":2}');
    await expect(openStateFolder(newer)).rejects.toThrow(StateFolderError);
  });

  test('with a path too long for its sockets is refused', async () => {
    await expect(openStateFolder(join(folder.path, 'long'.repeat(20)))).rejects.toThrow(/too long/);
  });
});

describe('the lock of a state folder', () => {
  test('refuses a second holder, naming the process, until it is given back', async () => {
    const directory = join(folder.path, 'lock');
    await mkdir(directory);
    const unlock = await lockFolder(directory);
    const second = lockFolder(directory);
    await expect(second).rejects.toThrow(FolderLockedError);
    await expect(second).rejects.toThrow(`in use by process ${String(process.pid)}`);
    await unlock();
    await (
      await lockFolder(directory)
    )();
  });

  test('falls when the process that holds it is killed', async () => {
    const directory = join(folder.path, 'fallen');
    await mkdir(directory);
    const lock = join(directory, 'up.lock');
    const holder = spawn('flock', ['--no-fork', lock, 'sh', '-c', `echo 4711 > ${lock}; exec sleep 600`], {
      stdio: 'ignore',
    });
    await until(async () => (await readFile(lock, 'utf8').catch(() => '')).includes('4711'));
    await expect(lockFolder(directory)).rejects.toThrow('in use by process 4711');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await (
      await lockFolder(directory)
    )();
  });
});
