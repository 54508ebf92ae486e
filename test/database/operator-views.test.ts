import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { failureRecord } from '../../domain/failures';
import { sourceVmPath } from '../../domain/names';
import { diskferry } from '../client/support';
import { type FreshDatabase, withFreshDatabase } from '../support/mariadb';
import { aFence, aJob, aVm, anOperation, claim } from './builders';

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
