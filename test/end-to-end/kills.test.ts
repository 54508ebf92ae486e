import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type ConnectedStack, connectToStack } from '../support/connected-stack';
import { keyOf } from '../support/failover-requests';
import { leftovers, nothing } from '../support/live-rows';
import type { SourceVm } from '../support/source-vm';
import { resultOf, sourceVm } from '../support/source-vm';
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
  await stack.part('worker').start();
});
afterAll(async () => {
  for (const vm of vms) await vm.stop();
  await connected.disconnect();
  await stack.stop();
}, 60_000);

/** 16 MiB per disk in 64 reads of 60 ms: a copy of some four seconds, to be killed in the middle. */
const slowly = { dataMib: 16, readDelayMs: 60 };
const aVm = async (count: number, options: Parameters<typeof sourceVm>[2] = { dataMib: 1 }): Promise<SourceVm> => {
  const vm = await sourceVm(stack, count, options);
  vms.push(vm);
  return vm;
};
const stepsOf = async (vm: SourceVm): Promise<string[]> => {
  // Asked in this process: a command line for each look would take the time of what is waited for.
  const shown = await connected.replications.status(keyOf(vm)).catch(() => undefined);
  return shown?.workflow?.disks.map((disk) => disk.step) ?? [];
};
const removeAll = async (vm: SourceVm, volumes: readonly (string | undefined)[]): Promise<void> => {
  const ids = volumes.flatMap((id) => (id === undefined ? [] : [id]));
  expect((await stack.diskferry('release', vm.id, '--delete-volumes', ...ids)).exitCode).toBe(0);
  expect(await leftovers(stack)).toEqual(nothing);
};

describe('a worker killed with SIGKILL', () => {
  test('during provisioning, and started again: replicated, each volume once', async () => {
    const vm = await aVm(2);
    await stack.addFaults({ kind: 'delay', command: 'attachVolume', where: 'work', ms: 2_000, times: 2 });
    const running = vm.replicate();
    await until(async () => (await stepsOf(vm)).includes('attachVolume'));
    await stack.part('worker').kill9({ stayDown: true });
    await stack.part('worker').start();
    const result = resultOf(await running);
    expect(result.state).toBe('replicated');
    expect((await leftovers(stack)).volumes).toHaveLength(2);
    await removeAll(
      vm,
      result.disks.map((disk) => disk.volumeId),
    );
  }, 120_000);

  test('during copying, and started again: replicated, and the hashes agree', async () => {
    const vm = await aVm(2, slowly);
    const running = vm.replicate();
    await until(async () => (await stepsOf(vm)).includes('copyDisk'));
    await stack.part('worker').kill9({ stayDown: true });
    await stack.part('worker').start();
    const result = resultOf(await running);
    expect(result.state).toBe('replicated');
    for (const disk of result.disks) expect(disk.targetHash).toBe(disk.sourceHash);
    await removeAll(
      vm,
      result.disks.map((disk) => disk.volumeId),
    );
  }, 150_000);

  test('during copying, then cancelled, then started again: cancelled, and what was kept is named', async () => {
    const vm = await aVm(2, slowly);
    const running = vm.replicate();
    await until(async () => (await stepsOf(vm)).includes('copyDisk'));
    await stack.part('worker').kill9({ stayDown: true });
    // No worker lives: the wish that keeps all volumes is Temporal's own cancel, which is durable.
    const cancelled = await stack.diskferry('cancel', vm.id, '--keep-volumes', '--json');
    expect(cancelled.stderr + cancelled.stdout).not.toContain('"error"');
    expect(cancelled.exitCode).toBe(0);
    await stack.part('worker').start();
    const result = resultOf(await running);
    expect(result.state).toBe('cancelled');
    expect(result.kept).toHaveLength(2);
    for (const disk of result.disks) expect(result.kept.join('; ')).toContain(disk.volumeId);
    const left = await leftovers(stack);
    expect(left.links).toEqual([]);
    expect(left.exports).toEqual([]);
    expect(left.mappings).toHaveLength(2);
    expect(left.volumes).toHaveLength(2);
    await removeAll(
      vm,
      result.disks.map((disk) => disk.volumeId),
    );
  }, 150_000);

  test('during provisioning, with a cancel that removes what is empty once it is back: nothing is left', async () => {
    const vm = await aVm(2);
    await stack.addFaults({ kind: 'delay', command: 'attachVolume', where: 'work', ms: 10_000, times: 1 });
    const running = vm.replicate();
    await until(async () => (await stepsOf(vm)).includes('attachVolume'));
    await stack.part('worker').kill9({ stayDown: true });
    await stack.part('worker').start();
    expect((await stack.diskferry('cancel', vm.id, '--json')).exitCode).toBe(0);
    const result = resultOf(await running);
    expect(result).toMatchObject({ state: 'cancelled', kept: [] });
    expect(await leftovers(stack)).toEqual(nothing);
  }, 120_000);
});
