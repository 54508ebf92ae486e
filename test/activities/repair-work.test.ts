import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { devicePath } from '../../domain/device-path';
import { repairWork } from '../../domain/repair-steps';
import { sourceVmPath, replicationWorkflowId, volumeTagKeys } from '../../domain/names';
import type { VmRef } from '../../domain/step-io';
import { type ActivityWorld, type Actor, type ActorOptions, startActivityWorld } from '../support/activity-world';

/** What only a repair does: each twice, and cut off on both sides of its effect, comes to the same. */
const GIB = 1_073_741_824;

let world: ActivityWorld;
beforeAll(async () => {
  world = await startActivityWorld();
}, 60_000);
afterAll(() => world.close());

type Work = keyof typeof repairWork;

interface Case {
  /** makes what is to be repaired; what the act is called with */
  arrange(vm: VmRef): Promise<{ act: (actor: Actor) => Promise<{ done: string }>; check: () => Promise<void> }>;
}

async function makeVolume(vm: VmRef): Promise<string> {
  const [zone] = await world.cloudStack.listZones({});
  const [offering] = await world.cloudStack.listDiskOfferings({ name: 'replica-custom' });
  const made = await world.cloudStack.createVolume({
    name: 'diskferry-pgtest1-2001-0a1b2c3d',
    zoneId: zone!.id,
    diskOfferingId: offering!.id,
    sizeGib: 1,
  });
  await world.cloudStack.waitForJob(made.jobId);
  const tags = {
    [volumeTagKeys.owner]: replicationWorkflowId(vm),
    [volumeTagKeys.vm]: sourceVmPath(vm),
    [volumeTagKeys.disk]: '2001',
  };
  const { jobId } = await world.cloudStack.createTags({ resourceType: 'Volume', resourceIds: [made.id], tags });
  await world.cloudStack.waitForJob(jobId);
  return made.id;
}

const volumeOf = (vm: VmRef, volumeId: string) => ({ ...vm, attempt: 1, diskKey: 2001, volumeId, volumeBytes: GIB });

/** As the adoption writes it: the failed attach of the job sheet. */
async function adoptOperation(vm: VmRef, volumeId: string): Promise<string> {
  const id = randomUUID();
  await world.database.query(
    `INSERT INTO adopted_operations (id, site, source_id, source_vm_id, adoption_id, kind, disk_key, volume_id, vm_id, older_status)
     VALUES (?, ?, ?, ?, 'adoption-1', 'attach', 2001, ?, ?, 'failed')`,
    [id, vm.site, vm.sourceId, vm.sourceVmId, volumeId, vm.applianceId],
  );
  return id;
}

const cases: Readonly<Record<Work, Case>> = {
  adoptVolume: {
    arrange: async (vm) => {
      const volumeId = await makeVolume(vm);
      return {
        act: (actor) => actor.activities.adoptVolume(volumeOf(vm, volumeId)),
        check: async () => {
          // what it holds is not known: nothing removes it by machine
          expect(await world.database.repositories.volumes.get(volumeId)).toMatchObject({
            diskKey: 2001,
            copyBegun: true,
            sizeBytes: GIB,
          });
        },
      };
    },
  },
  settleOperation: {
    arrange: async (vm) => {
      const volumeId = await makeVolume(vm);
      const operationId = randomUUID();
      const { database, operations } = world.database.repositories;
      const earlier = { workflowId: replicationWorkflowId(vm), firstRunId: randomUUID(), runId: randomUUID() };
      await database.transaction((tx) =>
        operations.record(tx, {
          ...{ site: vm.site, sourceId: vm.sourceId, sourceVmId: vm.sourceVmId },
          ...earlier,
          ...{ id: operationId, kind: 'attach', diskKey: 2001, attempt: 1, volumeId, vmId: vm.applianceId },
          ...{ jobId: randomUUID(), choseVolumeId: false, activityId: '1', epoch: 1 },
        }),
      );
      return {
        act: (actor) => actor.activities.settleOperation({ ...volumeOf(vm, volumeId), operationId }),
        check: async () => {
          const settled = await operations.get(operationId);
          expect(settled).toMatchObject({ state: 'failed', failure: expect.stringMatching(/never arrived/) });
          expect((await world.cloudStack.listVolumes({ id: volumeId }))[0]?.virtualmachineid).toBeUndefined();
        },
      };
    },
  },
  closeOlderOperation: {
    arrange: async (vm) => {
      const volumeId = await makeVolume(vm);
      const operationId = await adoptOperation(vm, volumeId);
      return {
        act: (actor) => actor.activities.closeOlderOperation({ ...volumeOf(vm, volumeId), operationId }),
        check: async () => {
          expect(await world.database.repositories.adoptedOperations.get(operationId)).toMatchObject({
            settledBecause: `volume ${volumeId} is attached nowhere`,
          });
          // nothing was sent for it, and nothing takes it for an operation of ours
          expect(await world.database.repositories.operations.ofVolume(volumeId)).toEqual([]);
        },
      };
    },
  },
  endRecord: {
    arrange: async (vm) => {
      const ofRunId = randomUUID();
      const { database, jobs } = world.database.repositories;
      await database.transaction((tx) =>
        jobs.start(tx, {
          ...{ site: vm.site, sourceId: vm.sourceId, sourceVmId: vm.sourceVmId, vmName: vm.vmName },
          ...{ firstRunId: ofRunId, workflowId: replicationWorkflowId(vm), applianceId: vm.applianceId },
          ...{ requestId: randomUUID(), requestDigest: 'd', startedAt: new Date().toISOString() },
        }),
      );
      return {
        act: (actor) => actor.activities.endRecord({ ...vm, ofRunId }),
        check: async () => {
          const job = (await jobs.list({ sourceVmId: vm.sourceVmId })).find((row) => row.firstRunId === ofRunId);
          expect(job).toMatchObject({ phase: 'abandoned', failure: { code: 'abandoned' } });
          expect(job?.endedAt).toBeDefined();
        },
      };
    },
  },
};

const closed: ActorOptions = { isRunClosed: () => Promise.resolve(true) };

describe.each(Object.keys(repairWork) as Work[])('%s', (name) => {
  test('twice is the same as once', async () => {
    const vm = await world.begin();
    const { act, check } = await cases[name].arrange(vm);
    await act(world.actor(vm, closed));
    await act(world.actor(vm, closed));
    await check();
  });

  test.each(repairWork[name].effects.flatMap((effect) => [[effect, 'before'] as const, [effect, 'after'] as const]))(
    'cut off at %s, %s it, and done again',
    async (effect, side) => {
      const vm = await world.begin();
      const { act, check } = await cases[name].arrange(vm);
      let cut = false;
      const failpoint = (at: string, on: string): void => {
        if (at !== effect || on !== side) return;
        cut = true;
        throw new Error('the process died');
      };
      await expect(act(world.actor(vm, { ...closed, failpoint }))).rejects.toThrow(/died/);
      expect(cut).toBe(true);
      await act(world.actor(vm, closed));
      await check();
    },
  );

  test('by a run that lost its claim changes nothing', async () => {
    const vm = await world.begin();
    const { act } = await cases[name].arrange(vm);
    await expect(act(world.actor(vm, { ...closed, runId: randomUUID() }))).rejects.toMatchObject({
      name: 'claim-lost',
    });
  });
});

test('endRecord leaves a run alone that goes on, whatever was thought of it', async () => {
  const vm = await world.begin();
  const { act } = await cases.endRecord.arrange(vm);
  const { done } = await act(world.actor(vm, { isRunClosed: () => Promise.resolve(false) }));
  expect(done).toMatch(/goes on/);
});

test("adoptVolume refuses a volume that carries another VM's tags", async () => {
  const vm = await world.begin();
  const volumeId = await makeVolume({ ...vm, sourceVmId: randomUUID() });
  const adopted = world.actor(vm).activities.adoptVolume(volumeOf(vm, volumeId));
  await expect(adopted).rejects.toMatchObject({ name: 'volume-differs' });
});

test('planRepair sees what is there now: nothing for a finding that came right, and nothing of another VM', async () => {
  const vm = await world.begin();
  const volumeId = await makeVolume(vm);
  const ask = (about: VmRef) =>
    world
      .actor(vm, closed)
      .activities.planRepair({ ...about, findingId: `orphan-volume/${volumeId}`, named: true, sights: [] });
  expect((await ask(vm)).plan?.acts.map(({ act }) => act)).toEqual(['adoptVolume', 'confirmDeviceGone', 'deleteNamed']);
  expect((await ask({ ...vm, sourceVmId: randomUUID() })).plan).toMatchObject({
    acts: [],
    refused: expect.stringMatching(/not of/),
  });
  await world.actor(vm).activities.adoptVolume(volumeOf(vm, volumeId));
  expect(await ask(vm)).toEqual({});
});

test('closeOlderOperation leaves an operation open whose volume is attached where no mapping says so', async () => {
  const vm = await world.begin();
  const volumeId = await makeVolume(vm);
  const operationId = await adoptOperation(vm, volumeId);
  const { jobId } = await world.cloudStack.attachVolume({ id: volumeId, virtualMachineId: vm.applianceId });
  await world.cloudStack.waitForJob(jobId);
  const close = () =>
    world.actor(vm, closed).activities.closeOlderOperation({ ...volumeOf(vm, volumeId), operationId });
  expect((await close()).done).toMatch(/not closed: .* attached to VM .*, and no mapping says so/);
  const path = devicePath(vm.applianceId, volumeId);
  await world.database.query(
    'INSERT INTO device_mappings (device_path, vm_id, volume_uuid, role, size_bytes) VALUES (?, ?, ?, ?, ?)',
    [path, vm.applianceId, volumeId, 'replica', GIB],
  );
  expect((await close()).done).toContain(
    `is closed: volume ${volumeId} is attached to VM ${vm.applianceId} and mapped as ${path}`,
  );
  // another VM's repair does not touch it
  const other = await world.begin();
  const done = world.actor(other, closed).activities.closeOlderOperation({ ...volumeOf(other, volumeId), operationId });
  expect((await done).done).toMatch(/was adopted/);
});
