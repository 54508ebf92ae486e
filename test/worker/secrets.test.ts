import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseConfiguration } from '../../worker/config';
import { databaseAccess, secretFileWarnings, siteKeys } from '../../worker/secrets';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'diskferry-keys-'));
  await writeFile(path.join(folder, 'password'), 'p@ss/word\n', { mode: 0o600 });
  await writeFile(path.join(folder, 'api'), 'the-api-key\n', { mode: 0o600 });
  await writeFile(path.join(folder, 'empty'), '\n', { mode: 0o600 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function configuration(database: string, secret = 'api') {
  const text = `
[database]
${database}
[site.qc]
endpoint = "http://127.0.0.1:8080/client/api"
api_key_file = "api"
secret_key_file = "${secret}"
zone = "QC"
disk_offering = "replica-custom"
`;
  return parseConfiguration(text, path.join(folder, 'diskferry.toml'));
}

describe('the database', () => {
  test('its password comes from the file, and is not shown', async () => {
    const access = await databaseAccess(configuration('url = "mysql://u@h/d"\npassword_file = "password"'));
    expect(access).toEqual({ url: 'mysql://u@h/d', password: 'p@ss/word', shown: 'mysql://u@h:3306/d' });
  });

  test('its URL may come from the environment, password and all', async () => {
    const access = await databaseAccess(configuration('url_env = "DB"'), { DB: 'mysql://u:hush@h:3307/d' });
    expect(access.shown).toBe('mysql://u@h:3307/d');
  });

  test.each([
    ['url_env = "DB"', {}, '[database] url_env: the environment variable DB is not set'],
    ['url_env = "DB"', { DB: 'mysql://:hush@h/d' }, '[database] url_env (DB): the database URL names no user'],
    ['url = "mysql://u@h/d"\npassword_file = "nowhere"', {}, '[database] password_file: '],
    ['url = "mysql://u@h/d"\npassword_file = "empty"', {}, 'is empty'],
  ])('%s with %j is refused, without showing a secret', async (database, environment, problem) => {
    const call = databaseAccess(configuration(database), environment);
    await expect(call).rejects.toThrow(problem);
    await expect(call).rejects.not.toThrow('hush');
  });
});

test("a site's keys that cannot be read are named with field and file", async () => {
  const { sites } = configuration('url = "mysql://u@h/d"');
  const site = sites.get('qc');
  if (site === undefined) throw new Error('no site');
  expect(await siteKeys(configuration('url = "mysql://u@h/d"'), site)).toEqual({
    apiKey: 'the-api-key',
    secretKey: 'the-api-key',
  });
  const nowhere = { ...site, secretKeyFile: path.join(folder, 'nowhere') };
  await expect(siteKeys(configuration('url = "mysql://u@h/d"'), nowhere)).rejects.toThrow(
    `[site.qc] secret_key_file: ${path.join(folder, 'nowhere')} cannot be read (ENOENT)`,
  );
});

test('a secret that everybody may read is warned about', async () => {
  const open = configuration('url = "mysql://u@h/d"', 'open');
  await writeFile(path.join(folder, 'open'), 'x');
  await chmod(path.join(folder, 'open'), 0o644);
  expect(await secretFileWarnings(open)).toEqual([
    `${path.join(folder, 'open')} can be read by everybody on this machine; run: chmod 600 ${path.join(folder, 'open')}`,
  ]);
});
