import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { VirtualMachine } from '../../cloudstack/api';
import type { FailoverVmRef } from '../../domain/failover-io';
import type { VmRef } from '../../domain/step-io';
import { type ActivityWorld, type Actor, startActivityWorld } from '../support/activity-world';
import { expectCensus } from '../support/census';
import { asServerRetries } from '../support/contract-engine';
import { deployInput, FAILOVER_VM_NAME, removeInput } from '../support/failover-vm-inputs';
import { failing } from '../support/failing';
import { until } from '../support/until';

let world: ActivityWorld;
let vm: VmRef;
let actor: Actor;
let account: 'admin' | 'repluser';
let failoverVmId: string | undefined;

const begin = async (of: 'admin' | 'repluser'): Promise<void> => {
  account = of;
  failoverVmId = undefined;
  vm = await world.begin({ account });
  actor = world.actor(vm, { account });
};

beforeAll(async () => {
  world = await startActivityWorld();
});
afterAll(async () => {
  await world.close();
});
beforeEach(async () => {
  await begin('admin');
});

const commands = async () => (await world.control.changes()).map(({ command }) => command);
const sent = async (command: string) => (await commands()).filter((one) => one === command).length;
const machines = async () => (await world.control.world()).machines.filter(({ id }) => !world.ownThings().has(id));
const deploy = async (attempt = 1) => {
  const made = await actor.activities.deployVm(await deployInput({ world, vm, account }, attempt));
  failoverVmId = made.failoverVmId;
  return made;
};
const remove = (attempt = 1) => actor.activities.removeVm(removeInput({ vm, failoverVmId: undefined }, attempt));
const ref = (): FailoverVmRef => {
  if (failoverVmId === undefined) throw new Error('deployVm has not answered yet');
  return { ...vm, attempt: 1, failoverVmId, failoverVmName: FAILOVER_VM_NAME };
};
const listed = async (): Promise<VirtualMachine | undefined> =>
  (await world.cloudStack.listVirtualMachines({ id: ref().failoverVmId }))[0];
const kinds = async () =>
  (await world.database.repositories.vmOperations.ofSourceVm(vm)).map(({ kind, state }) => `${kind} ${state}`);
const endsClean = async () => {
  await world.control.clearFaults();
  for (const { id, state } of await machines()) {
    // What a normal user's key may not do, CloudStack does later by itself.
    if (state !== 'Destroyed') continue;
    await world.cloudStack.waitForJob((await world.cloudStack.expungeVirtualMachine({ id })).jobId);
  }
  await actor.activities.endClaim(vm);
  await expectCensus(world, vm);
};

describe('deployVm and removeVm', () => {
  test.each(['admin', 'repluser'] as const)('the answer is lost (%s): one VM, found again', async (of) => {
    await begin(of);
    await world.control.fault({ kind: 'drop-answer', command: 'deployVirtualMachine' });
    expect((await failing(deploy())).code).toBe('cloudstack-outcome-unknown');
    await deploy();
    expect(await sent('deployVirtualMachine')).toBe(1);
    expect(await listed()).toMatchObject({
      name: FAILOVER_VM_NAME,
      state: 'Stopped',
      tags: expect.arrayContaining([expect.objectContaining({ key: 'diskferry-owner', value: actor.run.workflowId })]),
    });
    await remove();
    await endsClean();
  });

  test.each(['admin', 'repluser'] as const)('the answer is lost (%s), and the deploy taken back', async (of) => {
    await begin(of);
    await world.control.fault({ kind: 'drop-answer', command: 'deployVirtualMachine' });
    await failing(deploy());
    expect(await remove()).toMatchObject({ outcome: of === 'admin' ? 'undone' : 'kept' });
    expect(await kinds()).toEqual(['deploy done', 'destroy done', of === 'admin' ? 'expunge done' : 'expunge failed']);
    await endsClean();
  });

  test('a normal user may not expunge: destroyed is the end, kept with the reason, each time the same', async () => {
    await begin('repluser');
    await deploy();
    const outcome = await remove();
    expect(outcome).toMatchObject({ outcome: 'kept' });
    expect(outcome.reason).toContain('destroyed and not expunged');
    expect(outcome.reason).toContain('allow.user.expunge.recover.vm');
    expect(await remove()).toEqual(outcome);
    expect(await sent('destroyVirtualMachine')).toBe(1);
    await endsClean();
  });

  test('delivered twice: one VM is there afterwards', async () => {
    await begin('repluser');
    await world.control.fault({ kind: 'deliver-twice', command: 'deployVirtualMachine', ms: 50 });
    await deploy();
    expect(await machines()).toHaveLength(1);
    await remove();
    await endsClean();
  });

  test("somebody else's VM has the name: a conflict that names it, nothing sent, and the undo leaves it alone", async () => {
    const stranger = await deployByHand();
    await world.control.forgetRequests();
    const failed = await failing(deploy());
    expect(failed).toMatchObject({ code: 'vm-name-taken', failureClass: 'conflict' });
    expect(failed.message).toContain(stranger);
    expect(await commands()).toEqual([]);
    expect(await remove()).toMatchObject({ outcome: 'undone' });
    expect(await commands()).toEqual([]);
    expect((await machines()).map(({ id, state }) => [id, state])).toEqual([[stranger, 'Stopped']]);
  });

  test('a VM of an earlier run of the same workflow has the name and our tags: it is not ours to remove', async () => {
    const { failoverVmId: earlier } = await deploy();
    const later: VmRef = { ...vm, firstRunId: 'the-next-run' };
    await world.database.query('UPDATE vm_claims SET run_id = ? WHERE source_vm_id = ?', [
      later.firstRunId,
      vm.sourceVmId,
    ]);
    vm = later;
    actor = world.actor(later);
    await world.control.forgetRequests();
    const failed = await failing(deploy());
    expect(failed.code).toBe('vm-name-taken');
    expect(failed.message).toContain(earlier);
    await remove();
    expect(await commands()).toEqual([]);
    expect((await machines()).map(({ id }) => id)).toEqual([earlier]);
  });

  test('a refusal that no repetition changes is refused', async () => {
    const text = 'Need to specify custom parameter values cpu, cpu speed and memory when using custom offering';
    await world.control.fault({ kind: 'refuse', command: 'deployVirtualMachine', code: 431, text });
    expect(await failing(deploy())).toMatchObject({ code: 'deploy-refused', failureClass: 'refused' });
    expect(await remove()).toMatchObject({ outcome: 'undone' });
    await endsClean();
  });

  test.each(['admin', 'repluser'] as const)(
    'the job fails (%s): what it left is removed before another is made',
    async (of) => {
      await begin(of);
      await world.control.fault({ kind: 'fail-job', command: 'deployVirtualMachine', text: 'no capacity' });
      const failed = await failing(deploy());
      expect(failed.code).toBe('deploy-failed');
      expect(failed.message).toContain('no capacity');
      if (of === 'admin') {
        await deploy();
        expect((await machines()).map(({ id }) => id)).toEqual([failoverVmId]);
      } else {
        // Destroyed and not expunged, it keeps its name in CloudStack.
        expect((await failing(deploy())).code).toBe('vm-name-taken');
      }
      await remove();
      await endsClean();
    },
  );

  test('the management server restarts in the middle of the job: the listing decides', async () => {
    await world.control.timings({ createMs: 3_000 });
    const deploying = deploy().catch((error: unknown) => error);
    await until(async () => (await commands()).includes('deployVirtualMachine'));
    await world.control.restart();
    await world.control.timings({ createMs: 10 });
    await deploying;
    await asServerRetries(() => deploy());
    expect(await machines()).toHaveLength(1);
    await remove();
    await endsClean();
  });

  test('the claim was taken over: claim-lost, and nothing sent', async () => {
    await world.database.query('UPDATE vm_claims SET run_id = ?, epoch = epoch + 1 WHERE source_vm_id = ?', [
      'another-run',
      vm.sourceVmId,
    ]);
    expect(await failing(deploy())).toMatchObject({ code: 'claim-lost' });
    expect(await commands()).toEqual([]);
  });
});

describe('startVm, stopVm and checkHealth', () => {
  beforeEach(async () => {
    await deploy();
    await world.control.forgetRequests();
  });
  const start = () => actor.activities.startVm(ref());
  const stop = () => actor.activities.stopVm(ref());
  const removed = async () => {
    await world.control.clearFaults();
    await stop();
    await remove();
    await endsClean();
  };

  test('a VM that runs already is not started, one that is stopped not stopped', async () => {
    await world.cloudStack.waitForJob((await world.cloudStack.startVirtualMachine({ id: ref().failoverVmId })).jobId);
    await start();
    expect(await sent('startVirtualMachine')).toBe(1);
    await world.cloudStack.waitForJob((await world.cloudStack.stopVirtualMachine({ id: ref().failoverVmId })).jobId);
    expect(await stop()).toMatchObject({ outcome: 'nothing-to-undo' });
    expect(await sent('stopVirtualMachine')).toBe(1);
    await removed();
  });

  test('a VM that somebody started by hand is stopped all the same', async () => {
    await world.cloudStack.waitForJob((await world.cloudStack.startVirtualMachine({ id: ref().failoverVmId })).jobId);
    expect(await stop()).toMatchObject({ outcome: 'undone' });
    expect((await listed())?.state).toBe('Stopped');
    await removed();
  });

  test('the answer to the start is lost: started once', async () => {
    await world.control.fault({ kind: 'drop-answer', command: 'startVirtualMachine' });
    expect((await failing(start())).code).toBe('cloudstack-outcome-unknown');
    await start();
    expect(await sent('startVirtualMachine')).toBe(1);
    await removed();
  });

  test('a start that comes late, while the undo runs, is waited for and taken back', async () => {
    await world.control.timings({ powerMs: 500 });
    await world.control.fault({ kind: 'drop-answer', command: 'startVirtualMachine' });
    await failing(start());
    await world.control.timings({ powerMs: 10 });
    expect(await stop()).toMatchObject({ outcome: 'undone' });
    expect((await listed())?.state).toBe('Stopped');
    expect(await kinds()).toEqual(['deploy done', 'start done', 'stop done']);
    await removed();
  });

  test("the start fails: in CloudStack's words; the next try starts it under another job id", async () => {
    await world.control.fault({ kind: 'fail-job', command: 'startVirtualMachine', text: 'no host has room' });
    const failed = await failing(start());
    expect(failed.code).toBe('vm-start-failed');
    expect(failed.message).toContain('no host has room');
    await start();
    const ids = (await world.control.changes()).map(({ parameters }) => parameters['customjobid']);
    expect(new Set(ids).size).toBe(2);
    await removed();
  });

  test('the graceful stop fails: switched off', async () => {
    await start();
    await world.control.forgetRequests();
    await world.control.fault({ kind: 'fail-job', command: 'stopVirtualMachine', text: 'the guest does not answer' });
    expect(await stop()).toMatchObject({ outcome: 'undone' });
    const forced = (await world.control.changes()).map(({ parameters }) => parameters['forced']);
    expect(forced).toEqual([undefined, 'true']);
    await removed();
  });

  test('switching it off fails, too: vm-stop-failed, and the next try is forced at once', async () => {
    await start();
    await world.control.fault({ kind: 'fail-job', command: 'stopVirtualMachine', text: 'host is down', times: 2 });
    const failed = await failing(stop());
    expect(failed.code).toBe('vm-stop-failed');
    expect(failed.message).toContain('host is down');
    await world.control.forgetRequests();
    await stop();
    expect((await world.control.changes()).map(({ parameters }) => parameters['forced'])).toEqual(['true']);
    await removed();
  });

  test('a VM that is gone: vm-gone for the start, nothing left to stop', async () => {
    await remove();
    expect((await failing(start())).code).toBe('vm-gone');
    expect(await stop()).toMatchObject({ outcome: 'nothing-to-undo' });
    await endsClean();
  });

  test('health is the state Running within the time, and says what it saw', async () => {
    const input = { ...ref(), withinMs: 100 };
    const failed = await failing(actor.activities.checkHealth(input));
    expect(failed.code).toBe('vm-unhealthy');
    expect(failed.message).toContain('Stopped');
    const waiting = actor.activities.checkHealth({ ...input, withinMs: 10_000 });
    await start();
    await waiting;
    await removed();
  });
});

/** A VM of the failover VM's name that an operator made. */
async function deployByHand(): Promise<string> {
  const { zoneId, serviceOfferingId, templateId, networks } = await deployInput({ world, vm, account });
  const { id, jobId } = await world.cloudStack.deployVirtualMachine({
    name: FAILOVER_VM_NAME,
    zoneId,
    serviceOfferingId,
    templateId,
    networkIds: networks.map((network) => network.id),
    startVm: false,
    details: { cpuNumber: '1', memory: '512' },
  });
  await world.cloudStack.waitForJob(jobId);
  return id;
}
