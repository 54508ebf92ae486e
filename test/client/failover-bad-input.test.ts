import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { failoverRequestSchema } from '../../domain/failover-request';
import { applianceId, diskferry, vmId } from './support';

/** What is wrong with a request file is said before anybody is asked: nobody answers here. */

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'diskferry-failover-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const test1 = {
  schemaVersion: 1,
  kind: 'test',
  site: 'qc',
  source: { id: 'vcenter-qc', vm: vmId, name: 'pgtest1' },
  appliance: applianceId,
  target: { name: 'pgtest1-test', serviceOffering: 'medium', template: 'shell', networks: [{ network: 'isolated' }] },
};
const live1 = { ...test1, kind: 'live' };
const member = (vm: string, change: object = {}) => ({ ...live1, source: { ...live1.source, vm }, ...change });
const group = (...members: object[]) => ({ schemaVersion: 1, name: 'shop', stages: [{ members }] });

async function refused(argv: readonly string[], content: unknown): Promise<string> {
  const file = path.join(folder, `${String(Math.random()).slice(2)}.json`);
  await writeFile(file, JSON.stringify(content));
  const run = await diskferry([...argv, file, '--json'], { TEMPORAL_ADDRESS: '127.0.0.1:1' });
  expect(run.exitCode).toBe(2);
  const { error } = JSON.parse(run.stdout) as { error: { code: string; message: string; next: string } };
  expect(error.code).toBe('request-invalid');
  expect(error.next).toContain('docs/failover-request.md');
  return error.message;
}

describe('of one VM', () => {
  test.each<[string, 'test' | 'live', object, string]>([
    ['a misspelt field', 'test', { ...test1, leese: '4h' }, 'the top level has unknown field "leese"'],
    ['a lease of nonsense', 'test', { ...test1, lease: 'for ever' }, 'lease must be a duration such as'],
    ['a lease of a live failover', 'live', { ...live1, lease: '4h' }, 'the top level has unknown field "lease"'],
    ['no kind', 'test', { ...test1, kind: undefined }, 'kind must have a known "kind"'],
    ['the other kind', 'test', live1, 'kind is "live": run diskferry failover live'],
    [
      'a point that is none',
      'test',
      { ...test1, from: 'yesterday' },
      'from is none of the forms that are allowed here',
    ],
    [
      'a name that is no host name',
      'live',
      { ...live1, target: { ...live1.target, name: 'pg_test.1' } },
      'target.name must be a host name',
    ],
    [
      'no network',
      'live',
      { ...live1, target: { ...live1.target, networks: [] } },
      'target.networks must name at least one network',
    ],
    ['an account without its domain', 'live', { ...live1, account: 'a' }, 'domainId is needed with account'],
    ['a final sync of a test', 'test', { ...test1, finalSync: true }, 'the top level has unknown field "finalSync"'],
    [
      'a command instead of a hook',
      'live',
      { ...live1, quiesce: { by: 'hook', hook: 'rm -rf /' } },
      'quiesce.hook must be the name of a [site.NAME.hook.NAME] section',
    ],
  ])('%s', async (_what, kind, request, problem) => {
    expect(await refused(['failover', kind, '--request'], request)).toContain(problem);
  });
});

describe('of a group', () => {
  const other = '420570c7-f61f-a930-77c5-000000000002';
  test.each<[string, unknown, string]>([
    ['a VM twice', group(member(vmId), member(vmId)), `is qc/vcenter-qc/${vmId}, which the group has already`],
    ['tests and live ones', group(member(vmId), member(other, { kind: 'test' })), 'must be all test or all live'],
    ['no stage', { schemaVersion: 1, name: 'shop', stages: [] }, 'stages must have at least one stage'],
    ['a name with a slash', { ...group(member(vmId)), name: 'a/b' }, 'name must be 1 to 63 of'],
    ['a bad member', group(member(vmId, { lease: '1h' })), 'stages[0].members[0] has unknown field "lease"'],
    ['no group at all', [], 'the document must be a table of fields, not a list'],
  ])('%s', async (_what, content, problem) => {
    expect(await refused(['failover', 'group'], content)).toContain(problem);
  });
});

test('the example is a valid request', async () => {
  const text = await readFile(path.join(__dirname, '../../examples/pgtest1.failover.json'), 'utf8');
  expect(failoverRequestSchema.parse(JSON.parse(text))).toMatchObject({ kind: 'test', lease: '4h' });
});
