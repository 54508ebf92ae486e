import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { VmRef } from '../../domain/step-io';
import {
  type ActivityWorld,
  type Actor,
  APPLIANCE,
  OTHER_APPLIANCE,
  startActivityWorld,
} from '../support/activity-world';
import { expectCensus } from '../support/census';
import { failing } from '../support/failing';
import { Journey } from '../support/journey';
import { asServerRetries } from '../support/contract-engine';
import { until } from '../support/until';

let world: ActivityWorld;
let vm: VmRef;
let actor: Actor;
let journey: Journey;

beforeAll(async () => {
  world = await startActivityWorld();
});
afterAll(async () => {
  await world.close();
});
beforeEach(async () => {
  vm = await world.begin();
  actor = world.actor(vm);
  journey = await Journey.begin(world, vm);
  await journey.run(actor, 'createVolume');
  await world.control.forgetRequests();
});

const attach = () => actor.activities.attachVolume(journey.volumeInput);
const detach = () => actor.activities.detachVolume(journey.volumeInput);
const commands = async () => (await world.control.changes()).map(({ command }) => command);
const jobIds = async () => (await world.control.changes()).map(({ parameters }) => parameters['customjobid']);
const operations = () => world.database.repositories.operations.ofVolume(journey.volumeInput.volumeId);
const attachByHand = async (virtualMachineId: string) => {
  const { jobId } = await world.cloudStack.attachVolume({ id: journey.volumeInput.volumeId, virtualMachineId });
  expect((await world.cloudStack.waitForJob(jobId))?.jobstatus).toBe(1);
  await world.control.forgetRequests();
};
const endsClean = async () => {
  await world.control.clearFaults();
  await journey.takeBack(actor);
  await actor.activities.endClaim(vm);
  await expectCensus(world, vm);
};

describe('attachVolume', () => {
  test('the answer is lost after the effect: attached once, by one request', async () => {
    await world.control.fault({ kind: 'drop-answer', command: 'attachVolume' });
    expect((await failing(attach())).code).toBe('cloudstack-outcome-unknown');
    await expect(attach()).resolves.toMatchObject({ foundAttached: false });
    expect(await commands()).toEqual(['attachVolume']);
    expect(await operations()).toMatchObject([{ kind: 'create' }, { kind: 'attach', state: 'done', doubtful: true }]);
    await endsClean();
  });

  test('the request is lost: sent again under the same job id', async () => {
    await world.control.fault({ kind: 'drop-request', command: 'attachVolume' });
    expect((await failing(attach())).code).toBe('cloudstack-outcome-unknown');
    await attach();
    const ids = new Set((await jobIds()).filter((id) => id !== undefined));
    expect(ids.size).toBe(1);
    await endsClean();
  });

  test("the job fails: attach-failed in CloudStack's words; the next try attaches under another job id", async () => {
    await world.control.fault({ kind: 'fail-job', command: 'attachVolume', text: 'No more available PCI slots' });
    const failed = await failing(attach());
    expect(failed.code).toBe('attach-failed');
    expect(failed.message).toContain('No more available PCI slots');
    expect(failed.message).toContain('Disk 2001');
    await attach();
    const ids = await jobIds();
    expect(ids).toHaveLength(2);
    expect(ids[0]).not.toBe(ids[1]);
    await endsClean();
  });

  test('a refusal that no repetition changes is refused, not counted', async () => {
    const text =
      'The specified VM already has the maximum number of data disks (32) attached. Please specify another VM.';
    await world.control.fault({ kind: 'fail-job', command: 'attachVolume', code: 431, text });
    expect(await failing(attach())).toMatchObject({ code: 'attach-refused', failureClass: 'refused' });
    await endsClean();
  });

  test('attached to another VM: a conflict that names it, nothing sent, and nothing taken away', async () => {
    await attachByHand(OTHER_APPLIANCE);
    const failed = await failing(attach());
    expect(failed.code).toBe('attached-elsewhere');
    expect(failed.message).toContain(OTHER_APPLIANCE);
    expect(await commands()).toEqual([]);
    expect(await detach()).toMatchObject({ outcome: 'nothing-to-undo' });
    expect(await commands()).toEqual([]);
  });

  test('attached here before the run: taken as it is, and left there by the undo', async () => {
    await attachByHand(APPLIANCE);
    await expect(attach()).resolves.toMatchObject({ foundAttached: true });
    await expect(attach()).resolves.toMatchObject({ foundAttached: true });
    const outcome = await detach();
    expect(outcome.outcome).toBe('kept');
    expect(outcome.reason).toContain('where it was before this run');
    expect(await actor.activities.confirmDeviceGone(journey.volumeInput)).toMatchObject({ outcome: 'kept' });
    expect(await commands()).toEqual([]);
  });

  test('the management server restarts in the middle of the job: failed, in doubt, then attached', async () => {
    await world.control.timings({ attachMs: 3_000 });
    const attaching = failing(attach());
    await until(async () => (await commands()).includes('attachVolume'));
    await world.control.restart();
    await world.control.timings({ attachMs: 30 });
    expect((await attaching).message).toContain('restart of the management server');
    expect((await operations()).at(-1)).toMatchObject({ state: 'failed', doubtful: true });
    await attach();
    await endsClean();
  });

  test('CloudStack is down: waits for it, keeps its row, and attaches afterwards once', async () => {
    await world.control.fault({ kind: 'unavailable', ms: 3_000, how: 'refused' });
    expect(await failing(attach())).toMatchObject({ code: 'cloudstack-unavailable', failureClass: 'unavailable' });
    await asServerRetries(async () => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      return await attach();
    });
    expect((await commands()).filter((command) => command === 'attachVolume')).toHaveLength(1);
    await endsClean();
  });

  test('the claim was taken over: claim-lost, and nothing sent', async () => {
    const { database } = world;
    await database.query('UPDATE vm_claims SET run_id = ?, epoch = epoch + 1 WHERE source_vm_id = ?', [
      'another-run',
      vm.sourceVmId,
    ]);
    expect(await failing(attach())).toMatchObject({ code: 'claim-lost' });
    expect(await commands()).toEqual([]);
  });

  test('cancelled while it waits for the job: ends with the cancellation, and the undo finds the attach', async () => {
    await world.control.timings({ attachMs: 400 });
    const attaching = attach();
    await until(async () => (await commands()).includes('attachVolume'));
    const cancelled = new Error('cancelled');
    actor.abort(cancelled);
    await expect(attaching).rejects.toBe(cancelled);
    await world.control.timings({ attachMs: 30 });
    actor = world.actor(vm);
    expect(await detach()).toMatchObject({ outcome: 'undone' });
    await endsClean();
  });

  test('an unfinished attach of a run that was terminated is settled before anything is sent', async () => {
    await world.control.timings({ attachMs: 300 });
    await world.control.fault({ kind: 'drop-answer', command: 'attachVolume' });
    expect((await failing(attach())).code).toBe('cloudstack-outcome-unknown');
    const later: VmRef = { ...vm, firstRunId: 'the-next-run' };
    await world.database.query('UPDATE vm_claims SET run_id = ? WHERE source_vm_id = ?', [
      'the-next-run',
      vm.sourceVmId,
    ]);
    const next = world.actor(later);
    const answer = await next.activities.attachVolume({ ...journey.volumeInput, ...later });
    expect(answer.foundAttached).toBe(true);
    expect(await commands()).toEqual(['attachVolume']);
    expect(await operations()).toMatchObject([
      { kind: 'create' },
      { kind: 'attach', state: 'done', firstRunId: vm.firstRunId },
      { kind: 'attach', state: 'done', firstRunId: 'the-next-run', found: { attached: true } },
    ]);
  });
});

describe('detachVolume and confirmDeviceGone', () => {
  test('the answer is lost after the effect: detached once, and watched for the settle time', async () => {
    await attach();
    await world.control.forgetRequests();
    await world.control.fault({ kind: 'drop-answer', command: 'detachVolume' });
    expect((await failing(detach())).code).toBe('cloudstack-outcome-unknown');
    expect(await detach()).toMatchObject({ outcome: 'undone' });
    expect(await commands()).toEqual(['detachVolume']);
    await endsClean();
  });

  test('an attach that lands late, while the undo runs, is waited for and taken back', async () => {
    await world.control.timings({ attachMs: 500 });
    await world.control.fault({ kind: 'drop-answer', command: 'attachVolume' });
    expect((await failing(attach())).code).toBe('cloudstack-outcome-unknown');
    expect(await detach()).toMatchObject({ outcome: 'undone' });
    expect(await commands()).toEqual(['attachVolume', 'detachVolume']);
    await world.control.timings({ attachMs: 30 });
    await endsClean();
  });

  test('a disk that appears though CloudStack says detached: device-still-there, and the remedy is named', async () => {
    const text = 'Job is cancelled as it has been blocking others for too long';
    await world.control.fault({ kind: 'ghost', command: 'attachVolume', ms: 30, text });
    expect((await failing(attach())).message).toContain('blocking others');
    expect(await detach()).toMatchObject({ outcome: 'undone' });
    const failed = await failing(actor.activities.confirmDeviceGone(journey.volumeInput));
    expect(failed.code).toBe('device-still-there');
    expect(failed.record.next).toContain('Stop and start the appliance');
  });

  test('detaching fails: detach-failed names the cause, and the next try works', async () => {
    await attach();
    await world.control.fault({ kind: 'fail-job', command: 'detachVolume', text: 'the device is busy at the moment' });
    const failed = await failing(detach());
    expect(failed.code).toBe('detach-failed');
    expect(failed.message).toContain('the device is busy');
    expect(await detach()).toMatchObject({ outcome: 'undone' });
    await endsClean();
  });

  test('moved to another VM meanwhile: ours is undone, theirs is not touched', async () => {
    await attach();
    await world.cloudStack.waitForJob(
      (await world.cloudStack.detachVolume({ id: journey.volumeInput.volumeId })).jobId,
    );
    await attachByHand(OTHER_APPLIANCE);
    expect(await detach()).toMatchObject({ outcome: 'undone' });
    expect(await commands()).toEqual([]);
    expect(await actor.activities.deleteVolume(journey.createInput)).toMatchObject({ outcome: 'kept' });
  });
});
