import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { PreflightFailoverInput } from '../../domain/failover-io';
import { failBackRequestSchema, failoverRequestSchema } from '../../domain/failover-request';
import { GIB } from '../../domain/sizes';
import type { VmRef } from '../../domain/step-io';
import { type ActivityWorld, startActivityWorld } from '../support/activity-world';
import { failing } from '../support/failing';
import { Caller } from '../simulator/simulated-site';

let world: ActivityWorld;
let vm: VmRef;
beforeAll(async () => {
  world = await startActivityWorld();
});
afterAll(async () => {
  await world.close();
});
beforeEach(async () => {
  vm = await world.begin({ account: 'repluser' });
});

const disks = [2000, 2001].map((diskKey, index) => ({ diskKey, boot: index === 0, volumeBytes: 2 * GIB }));
const common = () => ({
  schemaVersion: 1,
  site: vm.site,
  source: { id: vm.sourceId, vm: vm.sourceVmId, name: vm.vmName },
  appliance: vm.applianceId,
});

async function preflight(input: Omit<PreflightFailoverInput, 'vm' | 'disks'>, settings = {}): Promise<unknown> {
  return await world.actor(vm, { account: 'repluser', settings }).activities.preflightFailover({ vm, disks, ...input });
}

const testFailover = () =>
  preflight({
    kind: 'test',
    request: failoverRequestSchema.parse({
      ...common(),
      kind: 'test',
      target: {
        ...{ name: 'pgtest1-test', serviceOffering: 'custom-vm', cpus: 2, memoryMib: 2048, template: 'debian-12' },
        networks: [{ network: 'l2-user' }],
      },
    }),
    newVolumes: 2,
    newSnapshots: 2,
  });

const failback = (dataDiskLimit: number) =>
  preflight(
    {
      kind: 'back',
      request: failBackRequestSchema.parse({ ...common(), discardWrites: true }),
      newVolumes: 0,
      newSnapshots: 2,
    },
    { dataDiskLimit },
  );

/** What the account has, in the units of updateResourceLimit. */
async function account() {
  const [found] = (await world.clientOf('repluser').listAccounts()).filter(({ name }) => name === 'repluser');
  if (found === undefined) throw new Error('there is no repluser');
  return found;
}

describe('what a failover makes must fit what the account may have', () => {
  test.each([
    ['its volumes and the root that the VM is born with', '2', 'volumetotal', 3, 'volumes'],
    ['its snapshots', '3', 'snapshottotal', 2, 'snapshots'],
    ['its VM', '0', 'vmtotal', 1, 'VMs'],
    ['the CPUs of its VM', '8', 'cputotal', 2, 'CPUs'],
    ['the memory of its VM', '9', 'memorytotal', 2048, 'MiB of memory'],
  ] as const)('%s', async (_what, resourcetype, total, needed, what) => {
    const own = await account();
    const admin = world.simulator.accounts.find(({ name }) => name === 'admin');
    if (admin === undefined) throw new Error('the world has no admin');
    const caller = new Caller(world.simulator.endpoint, admin);
    const limit = (more: number) =>
      caller.call('updateResourceLimit', {
        ...{ account: own.name, domainid: own.domainid, resourcetype },
        max: String((own[total] ?? 0) + more),
      });
    await limit(needed - 1);
    const refused = await failing(testFailover());
    expect(refused.code).toBe('quota-exceeded');
    expect(refused.record.fields).toMatchObject({ account: 'repluser', what, needed, free: needed - 1 });
    await limit(needed);
    await testFailover();
  });
});

describe('what comes back must fit on the appliance', () => {
  test('somebody else has the slots by now: refused before the VM is stopped; with two more it is taken', async () => {
    const attached = (await world.clientOf('repluser').listVolumes({ virtualMachineId: vm.applianceId })).filter(
      ({ type }) => type === 'DATADISK',
    ).length;
    const refused = await failing(failback(attached + 1));
    expect(refused.code).toBe('no-free-slots');
    expect(refused.record.fields).toMatchObject({ free: 1, needed: 2 });
    await failback(attached + 2);
    expect(await world.database.repositories.slots.list(vm.applianceId)).toEqual([]);
    expect(await world.control.changes()).toEqual([]);
  });
});
