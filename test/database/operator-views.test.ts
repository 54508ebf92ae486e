import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { failureRecord } from '../../domain/failures';
import { sourceVmPath } from '../../domain/names';
import { diskferry } from '../client/support';
import { type FreshDatabase, withFreshDatabase } from '../support/mariadb';
import { aFence, aJob, aVm, anExport, anOperation, claim } from './builders';

/** What an operator sees of the tables by the command line, while Temporal is down. */

let db: FreshDatabase;
let folder = '';
const vm = aVm();
const fence = aFence(vm);
const job = aJob({ ...vm, firstRunId: fence.runId, workflowId: fence.workflowId });
const attach = anOperation({ ...vm, firstRunId: fence.runId, workflowId: fence.workflowId, diskKey: 2001 });

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'diskferry-views-'));
  db = await withFreshDatabase();
  const configuration = [
    '[database]',
    'url_env = "VIEWS_DATABASE_URL"',
    '[site.demo]',
    'endpoint = "http://127.0.0.1:1/client/api"',
    'api_key_file = "api-key"',
    'secret_key_file = "secret-key"',
    'zone = "QC"',
    'disk_offering = "replica-custom"',
  ];
  await writeFile(path.join(folder, 'diskferry.toml'), configuration.join('\n'));
  await claim(db.repositories, fence);
  const { jobs, operations, database } = db.repositories;
  const cause = 'no more PCI slots (secretKey=abc123)';
  await database.transaction(async (tx) => {
    await jobs.start(tx, job);
    await operations.record(tx, attach);
    await operations.finish(tx, attach.id, { state: 'failed', failure: cause });
    await operations.record(tx, anOperation({ ...vm, kind: 'delete', firstRunId: 'an earlier run' }));
    const next = 'Read it.';
    await jobs.end(tx, fence.runId, {
      phase: 'rolled_back',
      failure: failureRecord('rolled-back', { vm: sourceVmPath(vm), cause, next }),
    });
  });
});
afterAll(async () => {
  await db.drop();
  await rm(folder, { recursive: true, force: true });
});

/** With Temporal at a port where nothing listens. */
const run = (...argv: string[]) =>
  diskferry([...argv, '--config', path.join(folder, 'diskferry.toml')], {
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    VIEWS_DATABASE_URL: db.url,
  });

describe('explain', () => {
  test('tells the run from the rows that are left, and names what is missing', async () => {
    const { exitCode, stdout, stderr } = await run('explain', vm.sourceVmId, '--json');
    expect({ exitCode, failure: exitCode === 0 ? '' : stdout + stderr }).toEqual({ exitCode: 0, failure: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      vm: sourceVmPath(vm),
      phase: 'rolled_back',
      timeline: [{ from: 'database', text: expect.stringContaining('disk 2001: attach of volume') }],
      failing: { call: 'attach', diskKey: 2001, operationId: attach.id, jobId: attach.jobId },
      next: ['Read it.'],
      missing: [expect.stringContaining('Temporal at 127.0.0.1:1 does not answer')],
    });
    expect(stdout).toContain('no more PCI slots');
    expect(stdout).not.toContain('abc123');
  });

  test('a VM that the database does not know may be known to Temporal, which is silent', async () => {
    const { exitCode, stdout } = await run('explain', '420570c7-f61f-a930-77c5-1e876786cb3c', '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'nothing-known', class: 'unavailable' } });
  });
});

test('operations are listed newest first, by VM, run, kind and state', async () => {
  const { operations } = db.repositories;
  const kinds = async (filter: Parameters<typeof operations.list>[0]) =>
    (await operations.list(filter)).map(({ kind }) => kind);
  expect(await kinds({ vm })).toEqual(['delete', 'attach']);
  expect(await kinds({ vm, limit: 1 })).toEqual(['delete']);
  expect(await kinds({ vm, firstRunId: fence.runId })).toEqual(['attach']);
  expect(await kinds({ vm, kind: 'delete' })).toEqual(['delete']);
  expect(await kinds({ vm, state: 'failed' })).toEqual(['attach']);
  expect(await kinds({ vm: aVm() })).toEqual([]);
});

describe('operations', () => {
  const shown = async (...argv: string[]) => {
    const { exitCode, stdout } = await run('operations', ...argv, '--json');
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain('abc123');
    return (JSON.parse(stdout) as { operations: { kind: string }[] }).operations.map(({ kind }) => kind);
  };

  test('are narrowed by VM, state and kind, without Temporal', async () => {
    expect(await shown(vm.sourceVmId)).toEqual(['delete', 'attach']);
    expect(await shown('--failed')).toEqual(['attach']);
    expect(await shown('--unfinished')).toEqual(['delete']);
    expect(await shown('--kind', 'deploy')).toEqual([]);
  });

  test('fit a terminal', async () => {
    const { stdout } = await run('operations', '--failed');
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toContain(`  id    ${attach.id}`);
    expect(lines).toContain('  said  no more PCI slots (secretKey=***');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  test('a kind that there is none of is told with those that there are', async () => {
    const { exitCode, stderr } = await run('operations', '--kind', 'atach');
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(/no kind atach; .*attach/) });
  });
});

test('exports show where each stands and for whom', async () => {
  const exported = anExport();
  const { exports, database } = db.repositories;
  await database.transaction((tx) => exports.open(tx, exported));
  expect((await run('exports', '--appliance', exported.applianceId)).stdout).toContain(exported.exportName);
  expect((await run('exports', '--appliance', aVm().sourceVmId)).stdout).toBe('Nothing is exported.\n');
});

test('runs are narrowed by phase and by when they began', async () => {
  const { jobs } = db.repositories;
  const found = async (filter: Parameters<typeof jobs.list>[0]) =>
    (await jobs.list({ sourceVmId: vm.sourceVmId, ...filter })).length;
  const [before, after] = ['2026-01-02T03:04:05.677Z', '2026-01-02T03:04:05.679Z'];
  expect([await found({ phases: ['held', 'rolled_back'] }), await found({ phases: ['held'] })]).toEqual([1, 0]);
  expect([await found({ startedBefore: after }), await found({ startedBefore: before })]).toEqual([1, 0]);
  expect([await found({ startedAfter: before }), await found({ startedAfter: after })]).toEqual([1, 0]);
});
