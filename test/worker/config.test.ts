import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DiskferryFailure } from '../../domain/failures';
import { commandWarnings } from '../../worker/command-warnings';
import { loadConfiguration, parseConfiguration } from '../../worker/config';

const example = readFileSync(path.join(__dirname, '../../examples/diskferry.toml'), 'utf8');
const appliance = '1c266316-503d-451d-9392-9585a6fcba41';

/** The example with one piece of text replaced. */
function changed(from: string | RegExp, to: string): string {
  const text = example.replace(from, to);
  expect(text).not.toBe(example);
  return text;
}

function problemsOf(text: string): string {
  try {
    parseConfiguration(text, '/etc/diskferry/diskferry.toml');
  } catch (error) {
    expect(error).toBeInstanceOf(DiskferryFailure);
    const { record } = error as DiskferryFailure;
    expect(record.code).toBe('configuration-invalid');
    expect(record.message).toContain('/etc/diskferry/diskferry.toml');
    return String(record.fields['problems']);
  }
  throw new Error('it was accepted');
}

test('the example becomes a configuration with durations in milliseconds and absolute paths', () => {
  const configuration = parseConfiguration(example, '/etc/diskferry/diskferry.toml');
  expect(configuration.database).toEqual({
    urlEnv: 'DISKFERRY_DATABASE_URL',
    passwordFile: '/etc/diskferry/database.password',
  });
  const site = configuration.sites.get('qc');
  expect(site).toMatchObject({
    name: 'qc',
    endpoint: 'https://cloud.example/client/api',
    zone: 'QC',
    settleTimeMs: 60_000,
    requestsPerSecond: 10,
    newVolumesAreZero: false,
  });
  expect(site).not.toHaveProperty('dataDiskLimit');
  expect(site?.appliances.get(appliance)).toEqual({
    id: appliance,
    identity: 'dmi',
    identityFile: '/etc/diskferry/appliance-id',
    byIdDirectory: '/dev/disk/by-id',
    sysfsBlockDirectory: '/sys/block',
    exportsDirectory: '/run/diskferry/exports',
    simulated: false,
    maxCopies: 2,
    deviceWaitMs: 60_000,
  });
});

test('hooks are commands with a time limit; a program with a slash is taken from the folder of the file', () => {
  const text = `${example}
[site.qc.hook.ping]
command = ["hooks/ping", "a b", "hooks/x"]
[site.qc.convert]
command = ["env", "LIBGUESTFS_BACKEND=direct", "virt-v2v-in-place"]
`;
  const site = parseConfiguration(text, '/srv/df/diskferry.toml').sites.get('qc');
  expect(site?.hooks.get('stop-postgres')?.timeoutMs).toBe(120_000);
  expect(site?.hooks.get('ping')).toEqual({ command: ['/srv/df/hooks/ping', 'a b', 'hooks/x'], timeoutMs: 300_000 });
  expect(site?.convert).toEqual({
    command: ['env', 'LIBGUESTFS_BACKEND=direct', 'virt-v2v-in-place'],
    timeoutMs: 7_200_000,
  });
  expect(parseConfiguration(example, 'x.toml').sites.get('qc')).not.toHaveProperty('convert');
});

describe('commands that cannot be run here', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'diskferry-commands-'));
    await writeFile(path.join(folder, 'good'), '#!/bin/sh\n', { mode: 0o755 });
    await writeFile(path.join(folder, 'plain'), '#!/bin/sh\n', { mode: 0o644 });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each([
    ['./good', []],
    ['good', []],
    ['./plain', ['[site.qc.hook.h] command: FOLDER/plain is not executable by this user; run: chmod +x FOLDER/plain']],
    ['./none', ['[site.qc.hook.h] command: FOLDER/none does not exist on this machine']],
    ['plain', ['[site.qc.hook.h] command: plain is in no folder of PATH on this machine']],
    ['../', ['[site.qc.hook.h] command: PARENT is no file']],
  ])('%s', async (program, warnings) => {
    const text = example.replace(/\[site\.qc\.hook[\s\S]*/, `[site.qc.hook.h]\ncommand = ["${program}"]\n`);
    const configuration = parseConfiguration(text, path.join(folder, 'diskferry.toml'));
    expect(await commandWarnings(configuration, folder)).toEqual(
      warnings.map((warning) => warning.replaceAll('FOLDER', folder).replace('PARENT', path.dirname(folder))),
    );
  });
});

test('relative paths are taken from the folder of the file', () => {
  const text = changed('"/etc/diskferry/qc.api-key"', '"secrets/qc.api-key"');
  expect(parseConfiguration(text, '/srv/df/diskferry.toml').sites.get('qc')?.apiKeyFile).toBe(
    '/srv/df/secrets/qc.api-key',
  );
});

test('an appliance id in capitals is the same appliance', () => {
  const text = changed(appliance, appliance.toUpperCase());
  expect([...(parseConfiguration(text, 'x.toml').sites.get('qc')?.appliances.keys() ?? [])]).toEqual([appliance]);
});

describe('refused, naming section, field and what would be right', () => {
  test.each<[what: string, from: string | RegExp, to: string, problem: string | RegExp]>([
    [
      'a misspelt field',
      'zone =',
      'zon =',
      /^\[site\.qc\] zone is missing.*\[site\.qc\] zon is no known field; known are endpoint/s,
    ],
    [
      'an unknown section',
      '[database]',
      '[databse]\nurl = "x"\n[database]',
      'top level: databse is no known field; known are database, site, worker',
    ],
    [
      'a field of the wrong kind',
      'recovery_points = 1',
      'recovery_points = "1"',
      '[site.qc] recovery_points must be a number, not "1"',
    ],
    [
      'a duration that is none',
      'settle_time = "60s"',
      'settle_time = "soon"',
      '[site.qc] settle_time must be a duration such as 500ms, 60s, 5m, 1h or 2d',
    ],
    [
      'a negative number',
      'recovery_points = 1',
      'recovery_points = -1',
      '[site.qc] recovery_points must be at least 0, not -1',
    ],
    [
      'an endpoint that is no URL',
      '"https://cloud.example/client/api"',
      '"cloud.example"',
      '[site.qc] endpoint must be the URL of the API, such as https://cloud.example/client/api',
    ],
    [
      'an appliance that is no uuid',
      appliance,
      'appliance-1',
      /^\[site\.qc\.appliance\.appliance-1\] the name must be a uuid such as/,
    ],
    [
      'an unknown identity',
      'identity = "dmi"',
      'identity = "mac"',
      `[site.qc.appliance.${appliance}] identity must be "dmi" or "nic" or "file", not "mac"`,
    ],
    [
      'a missing identity',
      'identity = "dmi"',
      '',
      `[site.qc.appliance.${appliance}] identity is missing; it must be "dmi" or "nic" or "file"`,
    ],
    ['no site', /\[site\.qc\][\s\S]*/, '', '[site] is missing; it must be a table of fields'],
    ['no database', /url_env.*/, '', '[database] must have either url or url_env'],
    [
      'two databases',
      /^password_file/m,
      'url = "mysql://u@h/d"\npassword_file',
      '[database] must have either url or url_env',
    ],
    [
      'a password in the URL',
      /url_env.*/,
      'url = "mysql://u:p@h/d"',
      /^\[database\] url must not hold a password; put it into the file/,
    ],
    [
      'a health endpoint for everybody',
      '[site.qc]',
      '[worker]\nhealth_listen = "0.0.0.0:80"\n[site.qc]',
      '[worker] health_listen must be a loopback address with a port, such as 127.0.0.1:8090',
    ],
    [
      'a hook that is a shell line',
      /command = \[.*/,
      'command = "systemctl stop x"',
      /^\[site\.qc\.hook\.stop-postgres\] command must be a list/,
    ],
    ['a hook without a program', /command = \[.*/, 'command = []', /command must begin with a program/],
    ['a hook without an end', 'timeout = "2m"', 'timeout = "12h"', /timeout must be more than 0 and at most 11h/],
    [
      'a misspelt field of a hook',
      'timeout = "2m"',
      'time_out = "2m"',
      '[site.qc.hook.stop-postgres] time_out is no known field; known are command, timeout',
    ],
    ['a hook of an odd name', 'hook.stop-postgres', 'hook."Stop it"', /^\[site\.qc\.hook\.Stop it\] the name must be/],
    ['no TOML', '[site.qc]', '[site.qc', /^line 7, column \d+: /],
  ])('%s', (_what, from, to, problem) => {
    const problems = problemsOf(changed(from, to));
    if (typeof problem === 'string') expect(problems).toBe(problem);
    else expect(problems).toMatch(problem);
  });

  test('a file that is not there', async () => {
    await expect(loadConfiguration('/nowhere/diskferry.toml')).rejects.toThrow(
      'The configuration /nowhere/diskferry.toml is not valid: there is no such file',
    );
  });
});
