import { randomUUID } from 'node:crypto';
import { truncate } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { replicationRequestSchema, type ReplicationRequest } from '../../domain/request';
import type { VmRef } from '../../domain/step-io';
import { type ActivityWorld, type ActorOptions, startActivityWorld } from '../support/activity-world';
import { Caller } from '../simulator/simulated-site';
import { failing } from '../support/failing';
import { DISK_KEY, Journey } from '../support/journey';

const GIB = 2 ** 30;
let world: ActivityWorld;
let vm: VmRef;
let journey: Journey;

beforeAll(async () => {
  world = await startActivityWorld();
});
afterAll(async () => {
  await world.close();
});
beforeEach(async () => {
  vm = await world.begin();
  journey = await Journey.begin(world, vm);
});

function request(change: Partial<ReplicationRequest> = {}): ReplicationRequest {
  return replicationRequestSchema.parse({
    schemaVersion: 1,
    site: vm.site,
    source: { id: vm.sourceId, vm: vm.sourceVmId, name: vm.vmName },
    appliance: vm.applianceId,
    disks: [{ key: DISK_KEY, boot: true, sizeBytes: GIB, source: { kind: 'file', path: journey.source } }],
    ...change,
  });
}

const disks = (...sizes: number[]): ReplicationRequest['disks'] =>
  sizes.map((sizeBytes, index) => ({
    key: 2000 + index,
    boot: index === 0,
    sizeBytes,
    source: { kind: 'file', path: journey.source },
  }));

const site = (of = request(), options: ActorOptions = {}, as: VmRef = vm) =>
  world.actor(as, options).activities.preflightSite({ vm: as, request: of });

describe('preflightSite', () => {
  test('answers what provisioning needs, and reserves the slots once', async () => {
    const answer = await site();
    expect(answer).toMatchObject({
      zoneName: 'QC',
      diskOfferingName: 'replica-custom',
      applianceName: 'appliance-qc',
      slotLimit: 32,
      freeSlots: 31,
      mayChooseVolumeIds: true,
      applianceMacAddresses: ['02:01:00:cc:00:01'],
      existingVolumes: [],
    });
    expect((await site()).freeSlots).toBe(31);
    await world.actor(vm).activities.endClaim(vm);
    expect(await world.database.repositories.slots.list(vm.applianceId)).toEqual([]);
  });

  test('a plan reserves nothing, and needs no claim', async () => {
    const actor = world.actor(vm, { runId: 'a-plan' });
    const plan = await actor.activities.preflightSite({ vm, request: request(), planOnly: true });
    expect(plan.freeSlots).toBe(31);
    expect(await world.database.repositories.slots.list(vm.applianceId)).toEqual([]);
    const full = world.actor(vm, { settings: { dataDiskLimit: 1 } });
    const refused = full.activities.preflightSite({ vm, request: request({ disks: disks(GIB, GIB) }), planOnly: true });
    expect((await failing(refused)).code).toBe('no-free-slots');
  });

  test("a normal user's key may choose no volume ids, and assumes 6 slots where it may not ask", async () => {
    vm = await world.begin({ account: 'repluser' });
    journey = await Journey.begin(world, vm);
    const answer = await site(request(), { account: 'repluser' });
    expect(answer.mayChooseVolumeIds).toBe(false);
    expect(answer.freeSlots).toBe(answer.slotLimit - 1);
  });

  test.each<[string, () => Promise<unknown>, string, string]>([
    ['an unknown zone', () => site(request(), { settings: { zone: 'nowhere' } }), 'zone-unknown', 'nowhere'],
    ['an unknown offering', () => site(request(), { settings: { diskOffering: 'x' } }), 'offering-unknown', 'x'],
    [
      'an offering of fixed size',
      () => site(request(), { settings: { diskOffering: 'fixed-5' } }),
      'offering-not-custom',
      '5 GiB',
    ],
    ['a disk over the limit', () => site(request({ disks: disks(1025 * GIB) })), 'disk-too-large', '1024 GiB'],
    [
      'more disks than slots',
      () => site(request({ disks: disks(GIB, GIB) }), { settings: { dataDiskLimit: 1 } }),
      'no-free-slots',
      '1 free',
    ],
    [
      'volumes that would belong to somebody else',
      () => site(request({ account: 'repluser', domainId: randomUUID() })),
      'owner-mismatch',
      'account repluser',
    ],
  ])('%s', async (_sentence, act, code, words) => {
    const failed = await failing(act());
    expect(failed.code).toBe(code);
    expect(failed.message).toContain(words);
    expect(await world.database.repositories.slots.list(vm.applianceId)).toEqual([]);
  });

  test('a VM snapshot on the appliance: CloudStack would attach nothing, so it is said before anything is made', async () => {
    const account = world.simulator.accounts.find(({ name }) => name === 'admin');
    if (account === undefined) throw new Error('the world has no admin');
    const made = await new Caller(world.simulator.endpoint, account).run('createVMSnapshot', {
      virtualmachineid: vm.applianceId,
      name: 'before-upgrade',
    });
    expect(made.jobstatus).toBe(1);
    const failed = await failing(site());
    expect(failed.code).toBe('appliance-has-snapshots');
    expect(failed.message).toContain('before-upgrade');
    expect(await world.database.repositories.slots.list(vm.applianceId)).toEqual([]);
  });

  test("more volumes than the key's account may have; those that the VM has already are not counted again", async () => {
    vm = await world.begin({ account: 'repluser' });
    journey = await Journey.begin(world, vm);
    // Of the 20 volumes that CloudStack grants an account by default, the appliance's root disk is one.
    const options: ActorOptions = { account: 'repluser', settings: { dataDiskLimit: 30 } };
    const sizes = (count: number): number[] => Array<number>(count).fill(GIB);
    const failed = await failing(site(request({ disks: disks(...sizes(20)) }), options));
    expect(failed.code).toBe('quota-exceeded');
    expect(failed.message).toContain('may have 19 more volumes (limit 20), 20 are needed');
    await journey.run(world.actor(vm, options), 'createVolume');
    expect(await site(request({ disks: disks(...sizes(19)) }), options)).toMatchObject({ slotLimit: 30 });
  });

  test('disks that others attached there take slots too; ours are not counted twice', async () => {
    const actor = world.actor(vm);
    await journey.runThrough(actor, 'attachVolume');
    // Attached without a slot: a foreign disk. With its slot: one and the same.
    expect((await site(request({ overwrite: true }))).freeSlots).toBe(31);
    const other = await world.cloudStack.createVolume({
      name: 'foreign',
      zoneId: (await world.cloudStack.listZones({}))[0]?.id ?? '',
      diskOfferingId: (await world.cloudStack.listDiskOfferings({ name: 'replica-custom' }))[0]?.id ?? '',
      sizeGib: 1,
    });
    const { jobId } = await world.cloudStack.attachVolume({ id: other.id, virtualMachineId: vm.applianceId });
    await world.cloudStack.waitForJob(jobId);
    expect((await site(request({ overwrite: true }))).freeSlots).toBe(30);
  });

  test('a VM that was replicated before: refused, unless it is to be overwritten; another backing disk is a conflict', async () => {
    await journey.run(world.actor(vm), 'createVolume');
    const { volumeId } = journey.volumeInput;
    const later: VmRef = { ...vm, firstRunId: 'a-later-run' };
    await world.database.query('UPDATE vm_claims SET run_id = ? WHERE source_vm_id = ?', [
      'a-later-run',
      vm.sourceVmId,
    ]);
    const refused = await failing(site(request(), {}, later));
    expect(refused.code).toBe('replicated-before');
    expect(refused.message).toContain(volumeId);
    const answer = await site(request({ overwrite: true }), {}, later);
    expect(answer.existingVolumes).toEqual([{ diskKey: DISK_KEY, volumeId, volumeBytes: GIB }]);

    await world.database.query('UPDATE vm_disks SET backing_uuid = ? WHERE volume_id = ?', ['old', volumeId]);
    const [disk] = request().disks;
    if (disk === undefined) throw new Error('the request has no disk');
    const reused = request({ overwrite: true, disks: [{ ...disk, backingUuid: 'new' }] });
    expect((await failing(site(reused, {}, later))).code).toBe('disk-key-reused');
  });
});

describe('preflightAppliance', () => {
  const appliance = (of = request()) =>
    world.actor(vm).activities.preflightAppliance({ vm, request: of, applianceMacAddresses: [] });

  test('this machine is the appliance, its server answers, the source opens', async () => {
    const answer = await appliance();
    expect(answer.identity).toContain('file');
    expect(answer.sources).toEqual([{ diskKey: DISK_KEY, sizeBytes: 64 * 1_048_576 }]);
  });

  test('a source that cannot be opened is refused, named', async () => {
    const [disk] = request().disks;
    if (disk === undefined) throw new Error('the request has no disk');
    const missing = request({ disks: [{ ...disk, source: { kind: 'file', path: '/nowhere/disk.raw' } }] });
    const failed = await failing(appliance(missing));
    expect(failed).toMatchObject({ code: 'source-unreadable', failureClass: 'refused' });
    expect(failed.message).toContain('/nowhere/disk.raw');
  });

  test('a source that is larger than its volume would be', async () => {
    await truncate(journey.source, 2 * GIB);
    expect((await failing(appliance())).code).toBe('source-too-large');
  });
});
