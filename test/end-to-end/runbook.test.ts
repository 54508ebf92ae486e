import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CommanderError } from 'commander';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReplicationStatus } from '../../client/replication-status';
import { contentDigest } from '../../simulator/content-digest';
import { buildProgram } from '../../client/command-tree';
import { demoApplianceId as APPLIANCE } from '../../stack/local-stack';
import { jobSheetQueries } from '../../stack/job-sheet-queries';
import { simulatorControl } from '../../stack/simulator-control';
import { packageRoot } from '../../stack/package-root';
import { localSite } from '../../stack/state-folder';
import type { CliRun } from '../client/support';
import { type BrokenInstallation, makeBrokenInstallation } from '../support/broken-installation';
import { type CommandLine, commandLineOn } from '../support/command-line';
import { older, singleDiskPath } from '../support/older-installation';
import { resultOf, type SourceVm, sourceVm } from '../support/source-vm';
import { startTestStack, type TestStack } from '../support/stack';

/**
 * Walks docs/runbooks/VD-2025-0928-001.md through the command line, on an installation that is broken as the job sheet found it: from
 * the assessment to the verified replicas of pgtest1, and back by the rollback plan. The tests of it follow one another.
 */
const VM = `${localSite}/vcenter-qc/${older.vm}`;
const FINDING = `attachment-without-mapping/${older.data}`;
const FAILED = `failed-operation/${older.failedOperation}`;
const STUCK = `stuck-operation/${older.stuckOperation}`;
const path = (volume: string): string => `remote-vm-${APPLIANCE}-${volume}`;

let stack: TestStack;
let broken: BrokenInstallation;
let pgtest1: SourceVm;
let shell: CommandLine;
/** other people's things, and the older rows, as they were found */
let foreign: unknown;
let found: Record<string, unknown>;

beforeAll(async () => {
  stack = await startTestStack({ worker: false });
  broken = await makeBrokenInstallation(stack);
  shell = commandLineOn(stack, { DISKFERRY_FROM_PASSWORD: broken.password });
  pgtest1 = await sourceVm(stack, 2, { dataMib: 1 });
  foreign = await broken.foreign();
  found = await broken.rows();
}, 180_000);

afterAll(async () => {
  await broken.close();
  await pgtest1.stop();
  await stack.stop();
}, 60_000);

const run = (...args: string[]): Promise<CliRun> => shell.run(...args);
const says = (exitCode: number, ...args: string[]): Promise<string> => shell.says(exitCode, ...args);
const adopt = ['adopt', '--in-place', '--source', `${older.host}=vcenter-qc`];
const file = (name: string): string => stack.folder.path(`${name}.jsonl.gz`);
const rowsOf = async (query: string): Promise<unknown[][]> =>
  (await broken.sql(query)).map((row) => Object.values(row));
const request = (changes: Record<string, unknown> = {}): Promise<string> =>
  pgtest1.write(pgtest1.request({ source: { id: 'vcenter-qc', vm: older.vm, name: 'pgtest1' }, ...changes }));

describe('phase 1: assessment and backup', () => {
  test('the assessment says what is broken, and what must end first; nothing is changed', async () => {
    const refused = await says(1, ...adopt, '--from', broken.from);
    expect(refused).toContain(
      `attach ${older.failedOperation} of volume ${older.data} failed: Error 1062: Duplicate entry`,
    );
    expect(refused).toContain('of pgtest1 stands in provisioning');
    expect(refused).toContain(`volume ${older.data} is attached to VM ${APPLIANCE}, but no mapping says so`);
    const revoke = /(REVOKE .*?);/.exec(refused)?.[1] ?? '?';
    expect(refused).toContain(`blocks 'oma_user'@'127.0.0.1' may still`);

    expect(await says(5, 'doctor')).toContain('do: Of the older installation: diskferry adopt');
    // Whoever looks before the adoption is told what to do, and not that Diskferry has a fault.
    for (const look of [['list'], ['status', VM], ['explain', VM], ['operations'], ['exports'], ['mappings']]) {
      expect(await says(1, ...look)).toContain('class: refused (schema-foreign)');
    }
    expect(await says(1, 'backup', '--to', file('not-ours'))).toMatch(/Next: .*diskferry adopt/);
    expect(await says(1, ...adopt, '--from', broken.from, '--apply', '--backup', file('no'))).toContain(
      'Nothing was changed',
    );
    await broken.sql(revoke);
    expect(await says(0, ...adopt, '--from', broken.from)).toContain('To do it, add --apply --backup FILE.');
    expect(await says(0, ...adopt, '--from', broken.from)).toContain(
      '1 mapping would be adopted, 0 go to the history, 2 disks:',
    );
    expect(await broken.rows()).toEqual(found);
  }, 60_000);

  test('the backup is whole, and the rows are adopted', async () => {
    const adopted = await says(0, ...adopt, '--from', broken.from, '--apply', '--backup', file('older'));
    expect(adopted).toContain(
      'Adopted: 1 mapping and 2 disks, 2 operations to settle with diskferry repair; read again and found right.',
    );
    expect(await says(0, 'backup', '--verify', file('older'))).toContain('is whole: 14 rows of 9 tables');
    await says(0, 'config', 'check');
    await says(0, 'migrate');
    await stack.part('worker').start();
  }, 60_000);
});

describe('phase 3: clean-up', () => {
  test('doctor finds the second disk and the operation that failed for it; repair shows its plan, maps the disk and closes it', async () => {
    const before = await says(4, 'doctor');
    for (const id of [FINDING, FAILED, STUCK, `old-form-path/${older.root}`, `adopted-unverified/${VM}`])
      expect(before).toContain(`id: ${id}`);
    expect(before).toContain(`failed at`);
    expect(before).toContain(`Error 1062: Duplicate entry '${singleDiskPath}' for key 'unique_device_path'`);

    const plan = await says(0, 'repair', older.failedOperation);
    expect(plan).toContain(`id: ${FAILED}`);
    expect(plan).toMatch(/1\. find the device of volume .* 2\. look where volume .* and close operation/);
    expect(plan).toContain('Nothing was changed. To do it, run the same command with --apply.');
    const mended = await says(0, 'repair', older.failedOperation, '--apply');
    expect(mended).toContain(
      `${FAILED}: mended - mapped as ${path(older.data)} - operation ${older.failedOperation} is`,
    );
    expect(mended).toContain(`attached to VM ${APPLIANCE} and mapped as ${path(older.data)}`);
    // as it was found: nothing edits the older system's own rows
    expect(await rowsOf(`SELECT status FROM older_volume_operations WHERE id = '${older.failedOperation}'`)).toEqual([
      ['failed'],
    ]);
    expect(await rowsOf('SELECT COUNT(*) FROM volume_operations')).toEqual([[0]]);

    expect(await says(0, 'repair')).toContain(`id: ${STUCK}`);
    expect(await says(0, 'repair', '--apply')).toContain(`${STUCK}: mended`);
    // warnings only: what is left comes right with the retry
    const after = await says(3, 'doctor');
    for (const id of [FINDING, FAILED, STUCK]) expect(after).not.toContain(id);
    // Closed, and looked up all the same.
    expect(await says(0, 'repair', older.failedOperation)).toMatch(
      /is closed: volume .* and mapped as .* Nothing was changed/,
    );
    expect(await says(0, 'operations', VM, '--failed')).toMatch(
      /failed attach disk 2001 .*of the older installation.*Error 1062.*now closed: volume/,
    );
    expect(await says(0, 'operations', VM, '--unfinished')).toBe('No operations are like that. ');
    await says(0, 'backup', '--to', file('before-the-retry'));
  }, 60_000);
});

describe('phase 4: the retry of pgtest1', () => {
  test('it is refused onto the volumes that are there, until the request says so', async () => {
    for (const look of ['status', 'explain', 'retry'])
      expect(await says(1, look, VM)).toContain('refused (vm-not-run)');
    expect(await says(1, 'replicate', await request(), '--wait')).toContain('Set "overwrite": true');
  }, 60_000);

  test('a source that is away ends the run with its reason; with the source back, retry brings it to its end', async () => {
    const image = pgtest1.disks[1]?.path ?? '?';
    await rename(image, `${image}.away`);
    const failed = await says(1, 'replicate', await request({ overwrite: true }), '--wait');
    expect(failed).toContain('Cause: Disk 2001: source');
    expect(await says(0, 'status', VM)).toContain('next: Make the source readable');
    await rename(`${image}.away`, image);
    expect(await says(0, 'retry', VM)).toContain('its last run had failed; started anew');
    await says(0, 'watch', VM);

    const { workflow } = JSON.parse((await run('status', VM, '--json')).stdout) as ReplicationStatus;
    expect(workflow).toMatchObject({ phase: 'replicated' });
    for (const disk of workflow?.disks ?? []) expect(disk.targetHash).toBe(disk.sourceHash);
    // and by the simulator's own word of what the volumes hold
    const simulator = simulatorControl(() => stack.simulator.controlEndpoint);
    for (const [index, volumeId] of [older.root, older.data].entries()) {
      expect(await simulator.contentOf(volumeId)).toBe(await contentDigest(pgtest1.disks[index]?.path ?? '?'));
    }
    const log = await readFile(stack.folder.logFile('worker'), 'utf8');
    expect(log).toMatch(new RegExp(`Device mapping created successfully.*${path(older.data)}`));
    expect(log).not.toMatch(/Duplicate entry 'remote-vm-|mapping creation failed/);
  }, 90_000);

  test('two unique device paths, in the form of the job sheet once they are rewritten', async () => {
    expect(await rowsOf(jobSheetQueries.duplicates)).toEqual([]);
    expect((await rowsOf(jobSheetQueries.mappings)).sort()).toEqual(
      [
        [singleDiskPath, older.root],
        [path(older.data), older.data],
      ].sort(),
    );
    await says(0, 'adopt', '--rewrite-paths');
    await says(0, 'adopt', '--rewrite-paths', '--apply');
    expect(await rowsOf(jobSheetQueries.duplicates)).toEqual([]);
    expect((await rowsOf(jobSheetQueries.mappings)).sort()).toEqual(
      [older.root, older.data].map((id) => [path(id), id]).sort(),
    );
    expect(await says(0, 'doctor')).toContain('All well.');
  }, 60_000);
});

describe('phase 5: validation', () => {
  test('a VM of one disk is replicated as ever', async () => {
    const single = await sourceVm(stack, 1, { dataMib: 1 });
    try {
      const volumeId = resultOf(await single.replicate()).disks[0]?.volumeId ?? '?';
      await says(0, 'release', single.id, '--delete-volumes', volumeId);
    } finally {
      await single.stop();
    }
  }, 60_000);

  test('pgtest1 fails over to a sandbox with the new paths', async () => {
    const where = [
      '--name',
      'pgtest1-test',
      '--service-offering',
      'appliance-2c4g',
      '--template',
      'debian-12',
      '--network',
      'l2-admin',
    ];
    await says(0, 'failover', 'test', VM, ...where, '--lease', '1h', '--yes');
    await says(0, 'failover', 'status', VM);
    await says(0, 'failover', 'end', VM);
    await says(0, 'failover', 'watch', VM);
    expect(await says(0, 'doctor')).toContain('All well.');
  }, 90_000);
});

describe('the rollback plan', () => {
  test('it is refused while the worker works; then everything is as it was found', async () => {
    expect(await says(0, 'restore', '--from', file('before-the-retry'))).toContain('Before that these must end:');
    expect(await says(1, 'adopt', '--undo', '--from', broken.from, '--backup', file('ours'), '--apply')).toContain(
      'restore-not-quiet',
    );
    await stack.part('worker').stop();
    expect(await says(0, 'restore', '--from', file('before-the-retry'), '--apply')).toContain(
      'every table was read again',
    );
    expect((await rowsOf(jobSheetQueries.mappings)).sort()).toEqual(
      [
        [singleDiskPath, older.root],
        [path(older.data), older.data],
      ].sort(),
    );
    await says(0, 'adopt', '--undo', '--from', broken.from);
    expect(await says(0, 'adopt', '--undo', '--from', broken.from, '--backup', file('ours'), '--apply')).toContain(
      'Taken back.',
    );
    expect(await broken.rows()).toEqual(found);
    expect(await broken.foreign()).toEqual(foreign);
    expect(await says(0, ...adopt, '--from', broken.from)).toContain('of pgtest1 stands in provisioning');
    expect(await broken.attachments()).toEqual({ [older.root]: APPLIANCE, [older.data]: APPLIANCE });
  }, 60_000);
});

/** Command lines of the runbook: in its blocks of code, also those that go on in the next line, and in its sentences. */
async function commandLines(): Promise<string[]> {
  const text = await readFile(join(packageRoot(), 'docs', 'runbooks', 'VD-2025-0928-001.md'), 'utf8');
  const blocks = [...text.matchAll(/^```\w*\n(.*?)^```/gms)].map(([, block = '']) => block.replaceAll(/\\\n\s*/g, ''));
  const sentences = text.replaceAll(/^```\w*\n.*?^```/gms, '');
  return [
    ...blocks.flatMap((block) => block.split('\n').filter((line) => line.startsWith('diskferry '))),
    ...[...sentences.matchAll(/`(diskferry [^`]+)`/g)].map(([, line = '']) => line),
  ];
}

test('every command line of the runbook is one that diskferry takes', async () => {
  const nowhere = { write: () => true };
  const lines = await commandLines();
  expect(lines.length).toBeGreaterThan(30);
  for (const line of lines) {
    const words = line
      .replace(/ +#.*$/, '')
      .split(' ')
      .slice(1);
    const taken: string[] = [];
    const program = buildProgram({ stdout: nowhere, stderr: nowhere, env: {}, patienceMs: 1 });
    const disarm = (command: typeof program): void => {
      if (command.commands.length === 0) command.action(() => void taken.push(command.name()));
      for (const each of command.commands) disarm(each);
    };
    disarm(program);
    await program.parseAsync(words, { from: 'user' }).catch((error: unknown) => {
      if (!(error instanceof CommanderError && error.code === 'commander.version'))
        throw new Error(`${line}: ${String(error)}`, { cause: error });
      taken.push(line);
    });
    expect(taken).toHaveLength(1);
  }
});
