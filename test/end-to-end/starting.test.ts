import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { leftovers, nothing, query } from '../support/live-rows';
import type { SourceVm } from '../support/source-vm';
import { errorOf, resultOf, sourceVm } from '../support/source-vm';
import type { TestStack } from '../support/stack';
import { startTestStack } from '../support/stack';

let stack: TestStack;
let vm: SourceVm;
beforeAll(async () => {
  stack = await startTestStack();
  vm = await sourceVm(stack, 2, { dataMib: 20, readDelayMs: 50 });
}, 120_000);
afterAll(async () => {
  await vm.stop();
  await stack.stop();
}, 60_000);

type Disk = Record<string, unknown>;
const disksOf = (request: Record<string, unknown>): Disk[] => request['disks'] as Disk[];

describe('bad input is refused before anything is created', () => {
  test.each<[string, (request: Record<string, unknown>) => Record<string, unknown>, number, string]>([
    ['a misspelt field', (request) => ({ ...request, verfy: 'windows' }), 2, 'verfy'],
    [
      'a disk key given twice',
      (request) => ({ ...request, disks: disksOf(request).map((disk) => ({ ...disk, key: 2000 })) }),
      2,
      'disks[1].key',
    ],
    ['no disks', (request) => ({ ...request, disks: [] }), 2, 'disks must name at least one disk'],
    [
      'a size of 0',
      (request) => ({ ...request, disks: disksOf(request).map((disk) => ({ ...disk, sizeBytes: 0 })) }),
      2,
      'disks[0].sizeBytes',
    ],
    [
      'a size over the site’s limit',
      (request) => ({
        ...request,
        disks: disksOf(request).map((disk) => ({ ...disk, sizeBytes: 2000 * 1_073_741_824 })),
      }),
      1,
      'is more than site qc allows',
    ],
    [
      'a VM id that is no uuid',
      (request) => ({ ...request, source: { id: 'v', vm: 'vm-17', name: 'x' } }),
      2,
      'source.vm must be a uuid',
    ],
    [
      'a source that cannot be opened',
      (request) => ({
        ...request,
        disks: disksOf(request).map((disk) => ({ ...disk, source: { kind: 'nbd', uri: 'nbd://127.0.0.1:1/none' } })),
      }),
      1,
      'cannot be opened',
    ],
    [
      'a source whose URI carries a password',
      (request) => ({
        ...request,
        disks: disksOf(request).map((disk) => ({
          ...disk,
          source: { kind: 'nbd', uri: 'nbd://me:hunter2@127.0.0.1/x' },
        })),
      }),
      2,
      'must not carry a user name or password',
    ],
    [
      'a source larger than its volume',
      (request) => ({ ...request, disks: disksOf(request).map((disk) => ({ ...disk, sizeBytes: 1_073_741_824 })) }),
      1,
      'its volume would hold only',
    ],
  ])(
    '%s',
    async (_what, change, exitCode, words) => {
      const run = await vm.replicate(change(vm.request()));
      expect(errorOf(run).message).toContain(words);
      expect(run.exitCode).toBe(exitCode);
      expect(run.stdout + run.stderr).not.toContain('hunter2');
      expect(await leftovers(stack)).toEqual(nothing);
    },
    60_000,
  );

  test('an appliance that is not the one configured', async () => {
    const run = await vm.replicate({ appliance: randomUUID() });
    expect(errorOf(run).message).toContain('is not configured for site qc');
    expect(run.exitCode).toBe(1);
    expect(await leftovers(stack)).toEqual(nothing);
  }, 60_000);

  test('wrong usage exits with 2, an unknown VM with 1', async () => {
    expect((await stack.diskferry('replicate')).exitCode).toBe(2);
    expect((await stack.diskferry('no-such-command')).exitCode).toBe(2);
    const unknown = await stack.diskferry('status', randomUUID(), '--json');
    expect(errorOf(unknown).code).toBe('vm-unknown');
    expect(unknown.exitCode).toBe(1);
  });
});

describe('a request', () => {
  test('only planned creates nothing and tells what would be made', async () => {
    const run = await stack.diskferry('replicate', await vm.write(vm.request()), '--dry-run', '--json');
    expect(run.exitCode).toBe(0);
    expect(run.json().at(-1)).toMatchObject({
      plan: { slots: { needed: 2 }, volumes: [{ sizeGib: 2 }, { sizeGib: 2 }] },
    });
    expect(await leftovers(stack)).toEqual(nothing);
  }, 60_000);

  test('sent twice is one run; a different one meanwhile is refused with the difference; sent later it is answered by the run', async () => {
    const request = vm.request({ requestId: randomUUID() });
    const file = await vm.write(request);
    const [first, second] = await Promise.all([
      stack.diskferry('replicate', file, '--json'),
      stack.diskferry('replicate', file, '--json'),
    ]);
    expect([first.exitCode, second.exitCode]).toEqual([0, 0]);
    const runIds = [first, second].map((run) => (run.json().at(-1) as { runId: string }).runId);
    expect(runIds[1]).toBe(runIds[0]);

    const different = vm.request({ requestId: randomUUID(), disks: disksOf(vm.request()).slice(0, 1) });
    const refused = await stack.diskferry('replicate', await vm.write(different), '--json');
    expect(refused.exitCode).toBe(1);
    expect(errorOf(refused)).toMatchObject({ code: 'request-differs' });
    expect(errorOf(refused).message).toContain('disk 2001 is only there');
    expect(errorOf(refused).next).toContain('diskferry');

    const waited = resultOf(await stack.diskferry('replicate', file, '--wait', '--json'));
    expect(waited.state).toBe('replicated');
    const again = resultOf(await stack.diskferry('replicate', file, '--wait', '--json'));
    expect(again.runId).toBe(runIds[0]);
    expect(again.disks.map((disk) => disk.volumeId)).toEqual(waited.disks.map((disk) => disk.volumeId));

    const anew = await vm.replicate();
    expect(errorOf(anew).message).toContain('has replicated volumes already');
    const overwritten = resultOf(await vm.replicate({ overwrite: true }));
    expect(overwritten.disks.map((disk) => disk.volumeId)).toEqual(waited.disks.map((disk) => disk.volumeId));
    expect(await query(stack, 'SELECT device_path FROM device_mappings')).toHaveLength(2);
  }, 180_000);
});
