import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { diskferry } from './support';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'diskferry-check-'));
  await writeFile(path.join(folder, 'key'), 'k\n', { mode: 0o600 });
  await writeFile(
    path.join(folder, 'diskferry.toml'),
    `
[database]
url = "mysql://u@h/d"
[site.qc]
endpoint = "http://127.0.0.1:8080/client/api"
api_key_file = "key"
secret_key_file = "key"
zone = "QC"
disk_offering = "replica-custom"
[site.qc.hook.ping]
command = ["./ping", "pgtest1"]
`,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('config check shows the hooks of a site and warns of a command that cannot be run here', async () => {
  const file = path.join(folder, 'diskferry.toml');
  const missing = await diskferry(['config', 'check', file]);
  expect(missing.exitCode).toBe(0);
  expect(missing.stdout).toContain('    hook ping\n');
  expect(missing.stdout).toContain(
    `  warning: [site.qc.hook.ping] command: ${folder}/ping does not exist on this machine\n`,
  );
  await writeFile(path.join(folder, 'ping'), '#!/bin/sh\n', { mode: 0o755 });
  expect((await diskferry(['config', 'check', file])).stdout).not.toContain('warning');
});
