import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { commandModules } from '../../client/command-modules';
import { buildProgram } from '../../client/command-tree';
import type { CommandContext } from '../../client/command-context';
import { applianceId, diskferry, vmId } from './support';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'diskferry-cli-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type ModuleName = keyof typeof commandModules;

/** What a command's module is called with, instead of running it. */
async function calledWith(name: ModuleName, argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<unknown[]> {
  const calls: unknown[][] = [];
  const spy = jest.spyOn(commandModules, name as 'status').mockReturnValue({
    run: (...args: unknown[]) => {
      calls.push(args);
      return Promise.resolve();
    },
  });
  try {
    expect(await diskferry(argv, env)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  } finally {
    spy.mockRestore();
  }
  expect(calls).toHaveLength(1);
  return calls[0] ?? [];
}

describe('arguments and options reach the command', () => {
  const volume = '7f0c0d4e-8a53-4c35-9d56-5d2b8f0f3c11';
  test.each<[ModuleName, string[], unknown[]]>([
    ['replicate', ['replicate', 'r.json'], ['r.json', {}]],
    ['replicate', ['replicate', 'r.json', '--wait', '--dry-run'], ['r.json', { wait: true, dryRun: true }]],
    ['replicate', ['replicate', '-'], ['-', {}]],
    ['status', ['status', vmId], [vmId]],
    ['explain', ['explain', vmId], [vmId]],
    ['watch', ['watch', `qc/${vmId}`], [`qc/${vmId}`]],
    ['list', ['list'], [{ limit: 50, every: 5 }]],
    ['list', ['list', '--site', 'qc', '--limit', '3'], [{ site: 'qc', limit: 3, every: 5 }]],
    [
      'list',
      ['list', '--phase', 'held,copying', '--needs-attention', '--older-than', '2h', '--younger-than', '7d', '--watch'],
      [
        {
          ...{ limit: 50, every: 5, watch: true, needsAttention: true },
          ...{ phase: ['held', 'copying'], olderThan: '2h', youngerThan: '7d' },
        },
      ],
    ],
    ['operations', ['operations'], [undefined, { limit: 50, every: 5 }]],
    [
      'operations',
      ['operations', vmId, '--failed', '--kind', 'attach', '--limit', '3'],
      [vmId, { failed: true, kind: 'attach', limit: 3, every: 5 }],
    ],
    ['exports', ['exports', '--appliance', applianceId], [{ appliance: applianceId, every: 5 }]],
    ['mappings', ['mappings'], [{}]],
    ['mappings', ['mappings', '--vm', applianceId.toUpperCase()], [{ vm: applianceId }]],
    ['mappings', ['mappings', '--volume', volume, '--history'], [{ volume, history: true }]],
    ['adopt', ['adopt', '--undo'], [{ undo: true }]],
    [
      'adopt',
      ['adopt', '--from', 'mysql://a@b/c', '--in-place', '--apply', '--backup', 'b.gz', '--leave-out', 'm-1', 'm-2'],
      [{ from: 'mysql://a@b/c', inPlace: true, apply: true, backup: 'b.gz', leaveOut: ['m-1', 'm-2'] }],
    ],
    ['backup', ['backup', '--to', 'b.gz'], [{ to: 'b.gz' }]],
    ['backup', ['backup', '--verify', 'b.gz'], [{ verify: 'b.gz' }]],
    ['restore', ['restore', '--from', 'b.gz'], [{ from: 'b.gz' }]],
    [
      'restore',
      ['restore', '--from', 'b.gz', '--apply', '--trust-volumes', '--without-temporal'],
      [{ from: 'b.gz', apply: true, trustVolumes: true, withoutTemporal: true }],
    ],
    ['failoverStart', ['failover', 'test', vmId], ['test', [vmId], {}]],
    [
      'failoverStart',
      [
        ...[
          'failover',
          'test',
          vmId,
          `qc/${vmId}`,
          '--service-offering',
          'm',
          '--template',
          't',
          '--network',
          'a',
          'b',
        ],
        ...['--from', 'latest-point', '--lease', '90m', '--allow-unverified', 'a drill', '--no-wait'],
      ],
      [
        'test',
        [vmId, `qc/${vmId}`],
        {
          ...{ serviceOffering: 'm', template: 't', network: ['a', 'b'], from: 'latest-point', lease: '90m' },
          ...{ allowUnverified: 'a drill', wait: false },
        },
      ],
    ],
    [
      'failoverStart',
      ['failover', 'live', '--request', 'f.json', '--yes', '--wait', '--dry-run'],
      ['live', [], { request: 'f.json', yes: true, wait: true, dryRun: true }],
    ],
    [
      'failoverStart',
      ['failover', 'live', vmId, '--name', 'pg1', '--final-sync', '--quiesce-hook', 'stop-pg', '--confirm'],
      ['live', [vmId], { name: 'pg1', finalSync: true, quiesceHook: 'stop-pg', confirm: true }],
    ],
    ['failoverGroup', ['failover', 'group', 'g.json', '--yes'], ['g.json', { yes: true }]],
    ['failoverBack', ['failover', 'back', vmId, '--dry-run'], [vmId, { dryRun: true }]],
    ['failoverTell', ['failover', 'end', vmId], ['end', vmId]],
    ['failoverTell', ['failover', 'extend', vmId, '--by', '2h'], ['extend', vmId, '2h']],
    ['failoverTell', ['failover', 'confirm', vmId], ['confirm', vmId]],
    ['failoverTell', ['failover', 'confirm', vmId, '--quiesced'], ['quiesced', vmId]],
    ['failoverTell', ['failover', 'retry', vmId], ['retry', vmId]],
    ['failoverCancel', ['failover', 'cancel', vmId], [vmId, {}]],
    ['failoverCancel', ['failover', 'cancel', '--group', 'shop'], [undefined, { group: 'shop' }]],
    ['failoverTell', ['failover', 'abandon', vmId], ['abandon', vmId]],
    ['failoverStatus', ['failover', 'status', vmId], [vmId, {}]],
    ['failoverStatus', ['failover', 'status', '--group', 'shop'], [undefined, { group: 'shop' }]],
    ['failoverWatch', ['failover', 'watch', vmId], [vmId]],
    ['failoverList', ['failover', 'list', '--limit', '3'], [{ limit: 3 }]],
    ['points', ['points'], [undefined]],
    ['points', ['points', vmId], [vmId]],
    ['revert', ['revert', vmId, '--to', 'latest-point', '--yes'], [vmId, { to: 'latest-point', yes: true }]],
    ['revert', ['revert', vmId, '--to', volume.toUpperCase()], [vmId, { to: volume }]],
    ['retry', ['retry', vmId], [vmId]],
    ['pause', ['pause', vmId], [vmId]],
    ['resume', ['resume', vmId], [vmId]],
    ['abandon', ['abandon', vmId], [vmId]],
    ['cancel', ['cancel', vmId], [vmId, {}]],
    ['cancel', ['cancel', vmId, '--keep-volumes', '--wait'], [vmId, { keepVolumes: true, wait: true }]],
    ['release', ['release', vmId], [vmId, { wait: true }]],
    [
      'release',
      ['release', vmId, '--delete-volumes', volume, applianceId],
      [vmId, { wait: true, deleteVolumes: [volume, applianceId] }],
    ],
    ['release', ['release', vmId, '--no-wait'], [vmId, { wait: false }]],
    ['release', ['release', vmId, '--delete-points'], [vmId, { wait: true, deletePoints: true }]],
    ['migrate', ['migrate'], []],
    [
      'worker',
      ['worker', '--queues', 'diskferry, diskferry-site-qc'],
      [{ queues: ['diskferry', 'diskferry-site-qc'] }],
    ],
    ['configCheck', ['config', 'check', 'x.toml'], ['x.toml', {}]],
    ['configCheck', ['config', 'check'], [undefined, {}]],
    ['configCheck', ['config', 'check', '--connect'], [undefined, { connect: true }]],
    ['demo', ['demo', '--keep'], [{ keep: true, failover: false }]],
    ['demo', ['demo', '--failover'], [{ keep: false, failover: true }]],
    ['up', ['up', '--state', '/s'], []],
    ['probe', ['probe', 'qc'], ['qc', {}]],
    ['probe', ['probe', 'qc', '--request', 'r.json'], ['qc', { request: 'r.json' }]],
  ])('%s: %j', async (name, argv, expected) => {
    const [, ...rest] = await calledWith(name, argv);
    expect(rest).toEqual(
      expected.map((part) =>
        typeof part === 'object' && part !== null && !Array.isArray(part) ? expect.objectContaining(part) : part,
      ),
    );
  });

  test('the simulator gets its own options and no context', async () => {
    const argv = ['simulator', '--listen', '127.0.0.1:0', '--world', 'demo', '--state', '/s', '--json'];
    expect(await calledWith('simulator', argv, { DISKFERRY_STATE: '/other' })).toEqual([
      { listen: '127.0.0.1:0', world: 'demo', state: '/s', json: true },
    ]);
  });
});

describe('where a command finds its configuration', () => {
  test.each<[string, string[], NodeJS.ProcessEnv, Partial<CommandContext>]>([
    ['nothing', [], {}, { stateDirectory: undefined, configurationFile: undefined }],
    ['--state', ['--state', '/s'], {}, { stateDirectory: '/s', configurationFile: '/s/diskferry.toml' }],
    [
      'DISKFERRY_STATE',
      [],
      { DISKFERRY_STATE: '/s' },
      { stateDirectory: '/s', configurationFile: '/s/diskferry.toml' },
    ],
    ['--config', ['--config', '/c.toml'], {}, { stateDirectory: undefined, configurationFile: '/c.toml' }],
    ['DISKFERRY_CONFIG', [], { DISKFERRY_CONFIG: '/c.toml' }, { configurationFile: '/c.toml' }],
    [
      'an option wins over a variable',
      ['--config', '/c.toml'],
      { DISKFERRY_STATE: '/s' },
      { stateDirectory: undefined, configurationFile: '/c.toml' },
    ],
    [
      'a state folder wins over a configuration',
      [],
      { DISKFERRY_STATE: '/s', DISKFERRY_CONFIG: '/c.toml' },
      { configurationFile: '/s/diskferry.toml' },
    ],
  ])('%s', async (_what, argv, env, expected) => {
    const [context] = await calledWith('list', ['list', ...argv], env);
    expect(context).toMatchObject(expected);
  });

  test("a state folder's temporal.toml is Temporal's configuration file", async () => {
    const [context] = await calledWith('list', ['list', '--state', '/s'], { TEMPORAL_CONFIG_FILE: '/t', HOME: '/h' });
    expect((context as CommandContext).env).toEqual({ TEMPORAL_CONFIG_FILE: '/s/temporal.toml', HOME: '/h' });
  });
});

describe('wrong usage exits 2 and says what would be right', () => {
  test.each<[string[], RegExp]>([
    [[], /\nNo command was given\nSee: diskferry --help\n$/],
    [['stauts'], /unknown command 'stauts' \(Did you mean status\?\)/],
    [['status'], /missing required argument 'vm'\nSee: diskferry status --help/],
    [['status', 'a', 'b'], /too many arguments/],
    [['status', vmId, '--frobnicate'], /unknown option '--frobnicate'/],
    [['list', '--limit', '0'], /must be a whole number of at least 1/],
    [['mappings', '--vm', 'x'], /must be a uuid such as/],
    [['mappings'], /No configuration is named: give --state DIR or --config FILE/],
    [['release', vmId, '--delete-volumes', 'all'], /must be a uuid such as/],
    [['worker', '--queues', 'a,,b'], /must be names separated by commas/],
    [['list', '--state', 'a', '--config', 'b'], /Give either --state or --config, not both/],
    [['migrate'], /No configuration is named/],
    [['config'], /No command was given/],
    [['failover'], /No command was given/],
    [['failover', 'tset'], /unknown command 'tset' \(Did you mean test\?\)/],
    [['failover', 'test'], /Name a VM, or give --request FILE\nSee: diskferry failover test --help/],
    [['failover', 'test', vmId], /are needed too: --service-offering, --template, --network/],
    [['failover', 'test', vmId, '--lease', 'for ever'], /It must be a duration such as 500ms, 60s, 5m, 1h or 2d/],
    [['failover', 'extend', vmId, '--by', 'soon'], /'soon' is invalid[^]*\nSee: diskferry failover extend --help/],
    [['config', 'chek'], /unknown command 'chek'[^]*\nSee: diskferry config --help/],
    [['failover', 'test', vmId, '--from', 'yesterday'], /must be replicas, latest-point or the uuid of a point/],
    [['failover', 'test', vmId, '--name', 'not_a_host'], /It must be a host name: 1 to 63 letters/],
    [['failover', 'test', vmId, '--allow-unverified', ''], /It must be a reason/],
    [['failover', 'test', vmId, '--final-sync'], /unknown option '--final-sync'/],
    [['failover', 'live', vmId, '--lease', '1h'], /unknown option '--lease'/],
    [['failover', 'live', vmId, '--quiesce-hook', 'rm -rf /'], /must be the name of a \[site.NAME.hook.NAME\] section/],
    [['failover', 'live', '--request', 'f.json', '--name', 'x'], /says everything: leave out --name/],
    [['failover', 'live', vmId, vmId, '--request', 'f.json'], /is of one VM; several .* diskferry failover group FILE/],
    [
      [
        'failover',
        'test',
        vmId,
        applianceId,
        '--name',
        'x',
        '--service-offering',
        'm',
        '--template',
        't',
        '--network',
        'n',
      ],
      /--name is of one VM/,
    ],
    [['failover', 'extend', vmId], /required option '--by <duration>' not specified/],
    [['failover', 'extend', vmId, '--by', '-2h'], /It must be a duration/],
    [['failover', 'status'], /Name either a VM or a --group/],
    [['failover', 'status', vmId, '--group', 'g'], /Name either a VM or a --group/],
    [['failover', 'cancel'], /Name either a VM or a --group/],
    [['revert', vmId], /required option '--to <point>' not specified/],
    [['revert', vmId, '--to', 'last week'], /must be latest-point or the uuid of a point/],
    [['mappings', '--history'], /--history is of one volume/],
  ])('%j', async (argv, message) => {
    const run = await diskferry(argv);
    expect(run.exitCode).toBe(2);
    expect(run.stdout).toBe('');
    expect(run.stderr).toMatch(message);
  });

  test('with --json as one object on standard output', async () => {
    const run = await diskferry(['status', '--json']);
    expect(run.exitCode).toBe(2);
    expect(JSON.parse(run.stdout)).toMatchObject({
      error: { code: 'usage', class: 'refused', exitCode: 2, next: 'See: diskferry status --help' },
    });
  });
});

describe('a bad request is refused before anything is connected', () => {
  const good = {
    schemaVersion: 1,
    site: 'qc',
    source: { id: 'vcenter-qc', vm: vmId, name: 'pgtest1' },
    appliance: applianceId,
    disks: [{ key: 2000, boot: true, sizeBytes: 1024, source: { kind: 'nbd', uri: 'nbd://127.0.0.1:10809/a' } }],
  };
  const [disk] = good.disks;
  test.each<[string, object, string]>([
    ['a misspelt field', { ...good, aplliance: applianceId }, 'the top level has unknown field "aplliance"'],
    ['a missing field', { ...good, appliance: undefined }, 'appliance is missing; it must be a string'],
    ['no disks', { ...good, disks: [] }, 'disks must name at least one disk'],
    ['size 0', { ...good, disks: [{ ...disk, sizeBytes: 0 }] }, 'disks[0].sizeBytes must be at least 1, not 0'],
    [
      'a key given twice',
      { ...good, disks: [disk, { ...disk, boot: false }] },
      'disks[1].key is 2000, which disks[0] has already',
    ],
    [
      'a VM id that is no uuid',
      { ...good, source: { ...good.source, vm: 'vm-17' } },
      'source.vm must be a uuid such as',
    ],
    [
      'a password in a URI',
      { ...good, disks: [{ ...disk, source: { kind: 'nbd', uri: 'nbd://u:p@h/a' } }] },
      'disks[0].source.uri must not carry a user name or password',
    ],
    [
      'an unknown source',
      { ...good, disks: [{ ...disk, source: { kind: 'ftp' } }] },
      'disks[0].source.kind must have a known "kind"',
    ],
    [
      'a size as text',
      { ...good, disks: [{ ...disk, sizeBytes: '1024' }] },
      'disks[0].sizeBytes must be a number, not "1024"',
    ],
  ])('%s', async (_what, request, problem) => {
    const file = path.join(folder, `${String(Math.random()).slice(2)}.json`);
    await writeFile(file, JSON.stringify(request));
    const run = await diskferry(['replicate', file, '--json'], { TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expect(run.exitCode).toBe(2);
    const { error } = JSON.parse(run.stdout) as { error: { code: string; message: string } };
    expect(error.code).toBe('request-invalid');
    expect(error.message).toContain(problem);
  });

  test('a file that is not there, and one that is no JSON', async () => {
    const nowhere = path.join(folder, 'nowhere.json');
    expect((await diskferry(['replicate', nowhere])).stderr).toContain(`${nowhere}: there is no such file`);
    const text = path.join(folder, 'text.json');
    await writeFile(text, 'hello');
    const run = await diskferry(['replicate', text]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(`${text} is no JSON`);
  });
});

test('Temporal that does not answer is named with its address, after some tries', async () => {
  const run = await diskferry(['status', `qc/vcenter-qc/${vmId}`, '--json'], {
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    HOME: folder,
  });
  expect(run.exitCode).toBe(1);
  expect(JSON.parse(run.stdout)).toMatchObject({
    error: { code: 'temporal-unavailable', class: 'unavailable', fields: { address: '127.0.0.1:1' } },
  });
}, 30_000);

test('every command has a description, examples, --json, --state and --config', () => {
  const program = buildProgram({ stdout: process.stdout, stderr: process.stderr, env: {}, patienceMs: 0 });
  const leaves = program.commands.flatMap((command) => (command.commands.length > 0 ? command.commands : [command]));
  expect(leaves.map((command) => command.name()).sort()).toMatchInlineSnapshot(`
    [
      "abandon",
      "abandon",
      "adopt",
      "back",
      "backup",
      "cancel",
      "cancel",
      "check",
      "confirm",
      "demo",
      "doctor",
      "end",
      "explain",
      "exports",
      "extend",
      "group",
      "list",
      "list",
      "live",
      "mappings",
      "migrate",
      "operations",
      "pause",
      "points",
      "probe",
      "release",
      "repair",
      "replicate",
      "restore",
      "resume",
      "retry",
      "retry",
      "revert",
      "simulator",
      "status",
      "status",
      "test",
      "up",
      "watch",
      "watch",
      "worker",
    ]
  `);
  for (const command of leaves) {
    let help = '';
    command.configureOutput({ writeOut: (text) => void (help += text) });
    command.outputHelp();
    expect(command.description()).not.toBe('');
    for (const part of ['Examples:\n', '--json', '--state', '--config']) expect(help).toContain(part);
  }
});
