import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Explanation } from '../../client/explain/explanation';
import type { ReplicationStatus } from '../../client/replication-status';
import { type ConnectedStack, connectToStack } from '../support/connected-stack';
import { keyOf } from '../support/failover-requests';
import { localSite } from '../../stack/state-folder';
import { leftovers, nothing, query } from '../support/live-rows';
import type { SourceVm } from '../support/source-vm';
import { errorOf, resultOf, sourceVm } from '../support/source-vm';
import type { TestStack } from '../support/stack';
import { startTestStack } from '../support/stack';
import { until } from '../support/until';

let stack: TestStack;
let connected: ConnectedStack;
const vms: SourceVm[] = [];
beforeAll(async () => {
  stack = await startTestStack();
  connected = await connectToStack(stack);
}, 120_000);
afterEach(async () => {
  await stack.clearFaults();
});
afterAll(async () => {
  for (const vm of vms) await vm.stop();
  await connected.disconnect();
  await stack.stop();
}, 60_000);

const aVm = async (count: number): Promise<SourceVm> => {
  const vm = await sourceVm(stack, count, { dataMib: 1, sizeMib: 128 });
  vms.push(vm);
  return vm;
};
const status = async (vm: SourceVm): Promise<ReplicationStatus> =>
  (await stack.diskferry('status', vm.id, '--json')).json().at(-1) as ReplicationStatus;
/** The same, asked in this process: a command line for each look would take the time of what is waited for. */
const look = async (vm: SourceVm): Promise<ReplicationStatus | undefined> =>
  await connected.replications.status(keyOf(vm)).catch(() => undefined);
const explained = async (vm: SourceVm): Promise<Explanation> => {
  const run = await stack.diskferry('explain', vm.id, '--json');
  expect(run.exitCode).toBe(0);
  return run.json().at(-1) as Explanation;
};
/** The sentences of a timeline that are about a disk, or about the run where no disk is named. */
const sentences = ({ timeline }: Explanation): string => timeline.map(({ text }) => text).join('\n');
const refuseSecondDisk = (times: number | null) =>
  stack.addFaults({
    kind: 'fail-job',
    command: 'attachVolume',
    volumeName: '-2001-',
    code: 530,
    text: 'Failed to attach volume x to VM appliance-qc; no more PCI slots',
    times,
  });

describe('the attach of the second disk', () => {
  test('fails every time: rolled back, disk and words named, nothing left; then a new request ends replicated', async () => {
    const vm = await aVm(2);
    await refuseSecondDisk(null);
    const budgets = { stepAttempts: 2, provisioningAttempts: 1, stepPause: '100ms' };
    const failed = await vm.replicate({ budgets });
    expect(failed.exitCode).toBe(1);
    const error = errorOf(failed);
    expect(error.code).toBe('rolled-back');
    expect(error.message).toContain('Disk 2001');
    expect(error.message).toContain('no more PCI slots');
    expect(error.next).toContain('diskferry retry');
    expect((await status(vm)).workflow?.phase).toBe('rolled_back');
    expect(await leftovers(stack)).toEqual(nothing);
    const why = await explained(vm);
    expect(why).toMatchObject({
      phase: 'rolled_back',
      failing: { call: 'attachVolume', diskKey: 2001, code: 'attach-failed' },
      waitsFor: [],
      missing: [],
    });
    expect(why.failing?.ownWords).toContain('no more PCI slots');
    expect(why.failing?.jobId).toMatch(/^[0-9a-f-]{36}$/);
    expect(why.takenBack.length).toBeGreaterThanOrEqual(2);
    expect(why.next.join()).toContain(`diskferry retry ${localSite}/vcenter-qc/${vm.id}`);

    await stack.clearFaults();
    const result = resultOf(await vm.replicate({ budgets }));
    expect(result.state).toBe('replicated');
    const done = await explained(vm);
    expect(done).toMatchObject({ phase: 'replicated', takenBack: [], waitsFor: [], missing: [] });
    expect(done.failing).toBeUndefined();
    expect(done.runId).not.toBe(why.runId);
    expect(sentences(done)).toContain('disk 2001');
    expect(done.next).toEqual(['Nothing: it is done.']);
    expect(await query(stack, 'SELECT device_path FROM device_mappings')).toHaveLength(2);
    const ids = result.disks.map((disk) => disk.volumeId ?? '?');
    expect((await stack.diskferry('release', vm.id, '--delete-volumes', ...ids)).exitCode).toBe(0);
    expect(await leftovers(stack)).toEqual(nothing);
  }, 120_000);

  test('fails every time, is mended, and `diskferry retry` starts the same request again', async () => {
    const vm = await aVm(2);
    await refuseSecondDisk(null);
    const failed = await vm.replicate({ budgets: { stepAttempts: 1, provisioningAttempts: 1 } });
    expect(errorOf(failed).code).toBe('rolled-back');
    await stack.clearFaults();
    // The message names the command; it is taken word for word.
    const command = /diskferry (retry \S+)/.exec(errorOf(failed).next)?.[1] ?? '?';
    const retried = await stack.diskferry(...command.split(' '), '--json');
    expect(retried.exitCode).toBe(0);
    expect((await stack.diskferry('watch', vm.id, '--json')).exitCode).toBe(0);
    const ended = await status(vm);
    expect(ended.workflow?.phase).toBe('replicated');
    const ids = ended.workflow?.disks.map((disk) => disk.volumeId ?? '?') ?? [];
    expect((await stack.diskferry('retry', vm.id, '--json')).exitCode).toBe(1);
    expect((await stack.diskferry('release', vm.id, '--delete-volumes', ...ids)).exitCode).toBe(0);
    expect(await leftovers(stack)).toEqual(nothing);
  }, 120_000);

  test('fails three times and then works: replicated with no operator; attempts and failure are seen meanwhile', async () => {
    const vm = await aVm(2);
    await refuseSecondDisk(3);
    const running = vm.replicate({ budgets: { stepAttempts: 5, stepPause: '1s' } });
    let seen: ReplicationStatus | undefined;
    await until(async () => {
      seen = await look(vm);
      const disk = seen?.workflow?.disks.find((each) => each.key === 2001);
      return disk?.lastFailure !== undefined && disk.nextTryAt !== undefined;
    });
    expect(seen?.workflow?.disks[1]?.lastFailure?.message).toContain('no more PCI slots');
    expect(seen?.workflow?.disks[1]?.stepAttempt).toBeGreaterThanOrEqual(1);
    // While it runs, the same is told of it as of one that has ended: what failed, in whose words, and what to do.
    const going = await explained(vm);
    expect(going).toMatchObject({ failing: { call: 'attachVolume', diskKey: 2001 }, missing: [] });
    expect(['provisioning', 'retrying']).toContain(going.phase);
    expect(going.failing?.ownWords).toContain('no more PCI slots');
    expect(going.takenBack).toEqual([]);
    const result = resultOf(await running);
    expect(result.state).toBe('replicated');
    const ids = result.disks.map((disk) => disk.volumeId ?? '?');
    await stack.diskferry('release', vm.id, '--delete-volumes', ...ids);
    expect(await leftovers(stack)).toEqual(nothing);
  }, 120_000);
});

describe('CloudStack', () => {
  test('is down for 20 s in the middle: nothing is compensated, status says what it waits for, then replicated', async () => {
    const vm = await aVm(2);
    // The first attach is held long enough for the outage to begin in the middle of provisioning.
    await stack.addFaults({ kind: 'delay', command: 'attachVolume', where: 'work', ms: 2_000, times: 1 });
    const running = vm.replicate();
    await until(async () => (await look(vm))?.workflow?.disks.some((disk) => disk.step === 'attachVolume') ?? false);
    await stack.addFaults({ kind: 'unavailable', ms: 20_000, how: 'refused' });
    await until(async () => JSON.stringify(await look(vm)).includes('CloudStack at'));
    expect((await stack.diskferry('status', vm.id)).stdout).toContain('does not answer');
    const result = resultOf(await running);
    expect(result.state).toBe('replicated');
    const mine = await query(stack, `SELECT kind FROM volume_operations WHERE source_vm_id = '${vm.id}'`);
    expect(new Set(mine.map((row) => row['kind']))).toEqual(new Set(['create', 'attach']));
    const ids = result.disks.map((disk) => disk.volumeId ?? '?');
    await stack.diskferry('release', vm.id, '--delete-volumes', ...ids);
    expect(await leftovers(stack)).toEqual(nothing);
  }, 150_000);
});
