import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type ActivityWorld, type Actor, OTHER_APPLIANCE, startActivityWorld } from '../support/activity-world';
import { asServerRetries } from '../support/contract-engine';
import { FailoverJourney } from '../support/failover-journey';
import { attachInputs, failoverVmRef } from '../support/failover-vm-inputs';
import { failing } from '../support/failing';
import { leaveClean } from '../support/leave-clean';
import { lookAtReplicas, type Standing } from '../support/standing-replicas';

let world: ActivityWorld;
let journey: FailoverJourney;
let actor: Actor;
let before: Standing;

beforeAll(async () => {
  world = await startActivityWorld();
});
afterAll(async () => {
  await world.close();
});
beforeEach(async () => {
  journey = await FailoverJourney.begin(world);
  before = await lookAtReplicas(journey);
  actor = FailoverJourney.actor(world, journey);
});

const commands = async () => (await world.control.changes()).map(({ command }) => command);
const remove = () => journey.undo(actor, 'removeVm');
const job = async ({ jobId }: { jobId: string }) => {
  expect((await world.cloudStack.waitForJob(jobId))?.jobstatus).toBe(1);
};
const machine = async () =>
  (await world.cloudStack.listVirtualMachines({ id: failoverVmRef(journey).failoverVmId }))[0];
const volumesOn = async () =>
  (await world.control.world()).volumes
    .filter(({ virtualMachineId }) => virtualMachineId === journey.failoverVmId)
    .map(({ id }) => id);
const bootVolume = () => {
  const [boot] = attachInputs(journey);
  if (boot === undefined) throw new Error('there is no boot disk');
  return boot;
};
const endsClean = () => leaveClean(before, actor);
/** Expects that nothing was destroyed, expunged or deleted, and that the failure names what is held. */
const holds = async (...named: string[]) => {
  await world.control.forgetRequests();
  const before = await volumesOn();
  const failed = await failing(remove());
  expect(failed.code).toBe('vm-holds-replicas');
  for (const name of named) expect(failed.message).toContain(name);
  expect(await commands()).toEqual([]);
  expect(await volumesOn()).toEqual(before);
};

describe('removeVm destroys nothing while anything but its own root is on the VM', () => {
  test('replicas and test volumes as root and as data disk', async () => {
    await journey.runThrough(actor, 'attachToVm');
    await holds(...journey.restored.values());
    expect((await machine())?.state).toBe('Stopped');
    await endsClean();
  });

  test('a volume of ours that only its tag tells, the database having been restored from a backup', async () => {
    await journey.runThrough(actor, 'attachToVm');
    const { database, testVolumes } = world.database.repositories;
    const rows = await testVolumes.ofVm(journey.vm);
    expect(rows).toHaveLength(2);
    await world.database.query('DELETE FROM test_volumes');
    await holds(...journey.restored.values(), 'its tag says that it is of VM');
    await database.transaction(async (tx) => {
      for (const row of rows) await testVolumes.add(tx, row);
    });
    await endsClean();
  });

  test("a stranger's data volume", async () => {
    await journey.runThrough(actor, 'clearRoot');
    const [zone] = await world.cloudStack.listZones({});
    const [offering] = await world.cloudStack.listDiskOfferings({ name: 'replica-custom' });
    if (zone === undefined || offering === undefined) throw new Error('the world has no zone or offering');
    const stranger = await world.cloudStack.createVolume({
      name: 'of-somebody',
      zoneId: zone.id,
      diskOfferingId: offering.id,
      sizeGib: 1,
    });
    await job(stranger);
    const virtualMachineId = failoverVmRef(journey).failoverVmId;
    await job(await world.cloudStack.attachVolume({ id: stranger.id, virtualMachineId }));
    await holds('of-somebody', stranger.id);
    await job(await world.cloudStack.detachVolume({ id: stranger.id }));
    await world.cloudStack.deleteVolume({ id: stranger.id });
    await endsClean();
  });

  test('a root of ours that came between destroy and expunge: seen again before the expunge, which is not sent', async () => {
    await journey.runThrough(actor, 'clearRoot');
    const boot = bootVolume();
    // It is attached at the last moment at which CloudStack lets it: after the list that came before the destroy.
    const late = FailoverJourney.actor(world, journey, {
      failpoint: async (effect, side) => {
        if (effect !== 'removeVm.destroy' || side !== 'before') return;
        const { volumeId: id, failoverVmId: virtualMachineId } = boot;
        await job(await world.cloudStack.attachVolume({ id, virtualMachineId, deviceId: 0 }));
      },
    });
    await world.control.forgetRequests();
    const failed = await failing(journey.undo(late, 'removeVm'));
    expect(failed.code).toBe('vm-holds-replicas');
    expect(failed.message).toContain(boot.volumeId);
    expect(await commands()).not.toContain('expungeVirtualMachine');
    expect((await machine())?.state).toBe('Destroyed');
    expect(await volumesOn()).toEqual([boot.volumeId]);
    // It can be taken off a destroyed VM, and then the VM goes.
    await job(await world.cloudStack.detachVolume({ id: boot.volumeId }));
    await endsClean();
  });

  test('the same for the VM of an earlier run that a failback removes by its name', async () => {
    await journey.runThrough(actor, 'attachToVm');
    await world.control.forgetRequests();
    const release = {
      ...failoverVmRef(journey),
      name: failoverVmRef(journey).failoverVmName,
      mode: 'release' as const,
    };
    expect((await failing(actor.activities.removeVm(release))).code).toBe('vm-holds-replicas');
    expect(await commands()).toEqual([]);
    for (const input of attachInputs(journey)) {
      expect(await actor.activities.detachFromVm({ ...input, mode: 'release' })).toMatchObject({ outcome: 'undone' });
    }
    expect(await actor.activities.removeVm(release)).toMatchObject({ outcome: 'undone' });
    expect(await machine()).toBeUndefined();
    await endsClean();
  });
});

describe('removeVm', () => {
  test.each(['destroyVirtualMachine', 'expungeVirtualMachine'])(
    'the answer to %s is lost: sent once',
    async (command) => {
      await journey.runThrough(actor, 'clearRoot');
      await world.control.forgetRequests();
      await world.control.fault({ kind: 'drop-answer', command });
      expect((await failing(remove())).code).toBe('cloudstack-outcome-unknown');
      expect(await asServerRetries(remove)).toMatchObject([{ outcome: 'undone' }]);
      expect((await commands()).filter((one) => one === command)).toHaveLength(1);
      await endsClean();
    },
  );

  test('the destroy never expunges', async () => {
    await journey.runThrough(actor, 'clearRoot');
    await world.control.forgetRequests();
    await remove();
    const destroys = (await world.control.changes()).filter(({ command }) => command === 'destroyVirtualMachine');
    expect(destroys.map(({ parameters }) => parameters['expunge'])).toEqual(['false']);
    expect(destroys.map(({ parameters }) => parameters['volumeids'])).toEqual([undefined]);
    await endsClean();
  });

  test("expunging is refused: vm-remove-failed in CloudStack's words, and the next try does it", async () => {
    await journey.runThrough(actor, 'clearRoot');
    await world.control.fault({ kind: 'refuse', command: 'expungeVirtualMachine', text: 'the storage is away' });
    const failed = await failing(remove());
    expect(failed.code).toBe('vm-remove-failed');
    expect(failed.message).toContain('the storage is away');
    expect(await remove()).toMatchObject([{ outcome: 'undone' }]);
    await endsClean();
  });
});

describe('clearRoot', () => {
  test('asks for no job that was never sent: such a look is repeated for seconds, in which nothing happens', async () => {
    await journey.runThrough(actor, 'deployVm');
    await world.control.forgetRequests();
    await journey.run(actor, 'clearRoot');
    const sentOrAsked = (await world.control.requests()).map(({ command }) => command);
    expect(sentOrAsked).toContain('queryAsyncJobResult');
    expect(sentOrAsked.indexOf('detachVolume')).toBeLessThan(sentOrAsked.indexOf('queryAsyncJobResult'));
    await endsClean();
  });

  test('called again after the boot disk took its place: nothing is touched', async () => {
    await journey.runThrough(actor, 'attachToVm');
    await world.control.forgetRequests();
    await journey.run(actor, 'clearRoot');
    expect(await commands()).toEqual([]);
    await endsClean();
  });

  test('a root of ours in the place of a root that was never recorded: refused loudly, nothing is touched', async () => {
    await journey.runThrough(actor, 'attachToVm');
    await world.database.query("DELETE FROM vm_operations WHERE kind = 'clear-root' AND source_vm_id = ?", [
      journey.vm.sourceVmId,
    ]);
    await world.control.forgetRequests();
    const failed = await failing(journey.run(actor, 'clearRoot'));
    expect(failed.code).toBe('clear-root-failed');
    expect(failed.message).toContain('nothing was touched');
    expect(failed.message).toContain(bootVolume().volumeId);
    expect(await commands()).toEqual([]);
    await endsClean();
  });

  test('the detach fails: in its words, and the next try clears it', async () => {
    await journey.runThrough(actor, 'deployVm');
    await world.control.fault({ kind: 'fail-job', command: 'detachVolume', text: 'not now' });
    expect((await failing(journey.run(actor, 'clearRoot'))).message).toContain('not now');
    await journey.run(actor, 'clearRoot');
    expect(await volumesOn()).toEqual([]);
    await endsClean();
  });

  test('the delete fails: the next try deletes what is off the VM already; so does removeVm', async () => {
    await journey.runThrough(actor, 'deployVm');
    const text = 'Failed to expunge the volume';
    await world.control.fault({ kind: 'refuse', command: 'deleteVolume', text, times: 2 });
    expect((await failing(journey.run(actor, 'clearRoot'))).message).toContain(text);
    expect((await failing(journey.run(actor, 'clearRoot'))).message).toContain(text);
    await endsClean();
  });
});

describe('attachToVm and detachFromVm', () => {
  test('a volume on another VM: a conflict that names it, and the undo takes nothing away', async () => {
    await journey.runThrough(actor, 'clearRoot');
    const boot = bootVolume();
    await job(await world.cloudStack.attachVolume({ id: boot.volumeId, virtualMachineId: OTHER_APPLIANCE }));
    await world.control.forgetRequests();
    const failed = await failing(actor.activities.attachToVm(boot));
    expect(failed.code).toBe('attached-elsewhere');
    expect(failed.message).toContain(OTHER_APPLIANCE);
    expect(await actor.activities.detachFromVm(boot)).toMatchObject({ outcome: 'nothing-to-undo' });
    expect(await commands()).toEqual([]);
    await job(await world.cloudStack.detachVolume({ id: boot.volumeId }));
    await endsClean();
  });

  test('the boot disk is the root, data disks follow', async () => {
    await journey.runThrough(actor, 'attachToVm');
    const volumes = await world.cloudStack.listVolumes({ virtualMachineId: failoverVmRef(journey).failoverVmId });
    const found = volumes.map(({ id, type, deviceid }) => ({ id, type, deviceid }));
    expect(found.sort((a, b) => (a.deviceid ?? 0) - (b.deviceid ?? 0))).toEqual([
      { id: journey.restored.get(2000), type: 'ROOT', deviceid: 0 },
      { id: journey.restored.get(2001), type: 'DATADISK', deviceid: 1 },
    ]);
    await endsClean();
  });

  test("the device id is held by another: vm-attach-failed in CloudStack's words", async () => {
    await journey.runThrough(actor, 'deployVm');
    const failed = await failing(actor.activities.attachToVm(bootVolume()));
    expect(failed.code).toBe('vm-attach-failed');
    expect(failed.message).toContain('already has root volume attached');
    await endsClean();
  });

  test('an attach that lands late, while the undo runs, is waited for and taken back', async () => {
    await journey.runThrough(actor, 'clearRoot');
    await world.control.timings({ attachMs: 500 });
    await world.control.fault({ kind: 'drop-answer', command: 'attachVolume' });
    expect((await failing(actor.activities.attachToVm(bootVolume()))).code).toBe('cloudstack-outcome-unknown');
    expect(await actor.activities.detachFromVm(bootVolume())).toMatchObject({ outcome: 'undone' });
    expect(await volumesOn()).toEqual([]);
    await world.control.timings({ attachMs: 30 });
    await endsClean();
  });

  test('a late detach of an earlier try does not take the volume off the VM that it has come to', async () => {
    await journey.runThrough(actor, 'attachToVm');
    const boot = bootVolume();
    await world.control.fault({ kind: 'hold', command: 'detachVolume', ms: 400 });
    await world.control.fault({ kind: 'drop-answer', command: 'detachVolume' });
    expect((await failing(actor.activities.detachFromVm(boot))).code).toBe('cloudstack-outcome-unknown');
    // The step comes again: it waits until that detach is final before it attaches, so that nothing lands after it.
    await asServerRetries(() => actor.activities.attachToVm(boot));
    expect(await volumesOn()).toContain(boot.volumeId);
    const operations = await world.database.repositories.operations.ofVolume(boot.volumeId);
    expect(operations.map(({ kind, state }) => `${kind} ${state}`).slice(-3)).toEqual([
      'attach done',
      'detach done',
      'attach done',
    ]);
    await endsClean();
  });

  test('the VM was destroyed meanwhile: its data volumes are off it, as the listing shows', async () => {
    await journey.runThrough(actor, 'attachToVm');
    const [, data] = attachInputs(journey);
    if (data === undefined) throw new Error('there is no data disk');
    await job(await world.cloudStack.detachVolume({ id: bootVolume().volumeId }));
    await job(await world.cloudStack.destroyVirtualMachine({ id: data.failoverVmId }));
    await world.control.forgetRequests();
    expect(await actor.activities.detachFromVm(data)).toMatchObject({ outcome: 'undone' });
    expect(await commands()).toEqual([]);
    await endsClean();
  });
});
