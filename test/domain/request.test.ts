import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { problemWords } from '../../domain/problem-words';
import { describeProblems, replicationRequestSchema } from '../../domain/request';

const example = (): Record<string, unknown> =>
  JSON.parse(readFileSync(join(__dirname, '../../examples/pgtest1.request.json'), 'utf8')) as Record<string, unknown>;
const disk = (key: number, extra: Record<string, unknown> = {}) => ({
  key,
  sizeBytes: 1_073_741_824,
  source: { kind: 'nbd', uri: 'nbd://127.0.0.1:10809/x' },
  ...extra,
});
const problems = (request: unknown): string[] => {
  const parsed = replicationRequestSchema.safeParse(request, { error: problemWords });
  return parsed.success ? [] : describeProblems(parsed.error);
};

describe('a request', () => {
  test('of the example is accepted, with the defaults filled in', () => {
    const parsed = replicationRequestSchema.parse(example());
    expect(parsed.disks.map((each) => each.key)).toEqual([2000, 2001]);
    expect(parsed).toMatchObject({ overwrite: false, verify: 'windows' });
    expect(parsed.budgets).toMatchObject({
      stepAttempts: 5,
      provisioningAttempts: 3,
      undoAttentionAfter: '1h',
      stepPause: '2s',
    });
  });

  test.each([
    ['a misspelt field', { ...example(), verfy: 'windows' }, 'the top level has unknown field "verfy"'],
    [
      'a misspelt field of a disk',
      { ...example(), disks: [disk(1, { boot: true, sizeByte: 1 })] },
      'disks[0] has unknown field "sizeByte"',
    ],
    [
      'a disk key given twice',
      { ...example(), disks: [disk(2000, { boot: true }), disk(2000)] },
      'disks[1].key is 2000, which disks[0] has already',
    ],
    ['no disks', { ...example(), disks: [] }, 'disks must name at least one disk'],
    [
      'no boot disk',
      { ...example(), disks: [disk(1)] },
      'disks must mark exactly one disk with "boot": true, not none',
    ],
    ['two boot disks', { ...example(), disks: [disk(1, { boot: true }), disk(2, { boot: true })] }, 'not 2'],
    ['size 0', { ...example(), disks: [disk(1, { boot: true, sizeBytes: 0 })] }, 'disks[0].sizeBytes'],
    [
      'a size that is no whole number',
      { ...example(), disks: [disk(1, { boot: true, sizeBytes: 1.5 })] },
      'disks[0].sizeBytes must be',
    ],
    [
      'a size as text',
      { ...example(), disks: [disk(1, { boot: true, sizeBytes: '10' })] },
      'disks[0].sizeBytes must be',
    ],
    [
      'a VM id that is no uuid',
      { ...example(), source: { id: 'v', vm: 'vm-17', name: 'x' } },
      'source.vm must be a uuid',
    ],
    ['an appliance that is no uuid', { ...example(), appliance: 'i-2-3-VM' }, 'appliance must be a uuid'],
    [
      'a source with a password',
      { ...example(), disks: [disk(1, { boot: true, source: { kind: 'nbd', uri: 'nbd://me:secret@host/x' } })] },
      'disks[0].source.uri must not carry a user name or password',
    ],
    [
      'a source that is no NBD URI',
      { ...example(), disks: [disk(1, { boot: true, source: { kind: 'nbd', uri: 'http://host/x' } })] },
      'disks[0].source.uri must be an NBD URI',
    ],
    [
      'an unknown kind of source',
      { ...example(), disks: [disk(1, { boot: true, source: { kind: 'ftp' } })] },
      'disks[0].source',
    ],
    ['an account without its domain', { ...example(), account: 'a' }, 'domainId is needed with account'],
    ['a later schema version', { ...example(), schemaVersion: 2 }, 'schemaVersion must be 1'],
    [
      'a budget that is no duration',
      { ...example(), budgets: { undoAttentionAfter: 'soon' } },
      'budgets.undoAttentionAfter must be a duration',
    ],
    ['nothing at all', null, 'the document'],
  ])('with %s is refused, and the message names it', (_what, request, message) => {
    expect(problems(request).join('; ')).toContain(message);
  });

  test('never shows a password in its message', () => {
    const request = {
      ...example(),
      disks: [disk(1, { boot: true, source: { kind: 'nbd', uri: 'nbd://me:hunter2@host/x' } })],
    };
    expect(problems(request).join()).not.toContain('hunter2');
  });
});
