import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PreflightFailoverOutput } from '../../domain/failover-io';
import { failoverRequestSchema } from '../../domain/failover-request';
import { DiskferryFailure } from '../../domain/failures';
import type { VmRef } from '../../domain/step-io';
import { GIB } from '../../domain/sizes';
import { type ActivityWorld, startActivityWorld } from '../support/activity-world';

let world: ActivityWorld;
let vm: VmRef;
beforeAll(async () => {
  world = await startActivityWorld();
  vm = await world.begin();
});
afterAll(async () => {
  await world.close();
});

const target = {
  name: 'pgtest1-test',
  serviceOffering: 'appliance-2c4g',
  template: 'debian-12',
  networks: [{ network: 'l2-admin' }],
};

async function preflight(changes: Record<string, unknown>, disks = 2): Promise<PreflightFailoverOutput> {
  const request = failoverRequestSchema.parse({
    schemaVersion: 1,
    site: vm.site,
    source: { id: vm.sourceId, vm: vm.sourceVmId, name: vm.vmName },
    appliance: vm.applianceId,
    kind: 'test',
    target,
    ...changes,
  });
  return await world.actor(vm).activities.preflightFailover({
    vm,
    request,
    kind: 'test',
    disks: Array.from({ length: disks }, (_, index) => ({
      diskKey: 2000 + index,
      boot: index === 0,
      volumeBytes: 2 * GIB,
    })),
    newVolumes: disks,
    newSnapshots: disks,
  });
}

/** The failure that a preflight ends with; fails when it ends well. */
async function refusal(asked: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error: unknown = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DiskferryFailure)) throw new Error(`not refused: ${String(error)}`);
  return { code: error.code, message: error.message };
}

describe('the preflight of a failover', () => {
  test('resolves names to ids and changes nothing', async () => {
    await world.control.forgetRequests();
    const found = await preflight({});
    expect(found.target).toMatchObject({
      serviceOfferingName: 'appliance-2c4g',
      templateName: 'debian-12',
      networks: [{ name: 'l2-admin' }],
    });
    expect(found.snapshotBytes).toBe(4 * GIB);
    expect(await world.control.changes()).toEqual([]);
  });

  test.each([
    ['an offering that is not there', { target: { ...target, serviceOffering: 'huge' } }, 'service-offering-unknown'],
    ['sizes for a fixed offering', { target: { ...target, cpus: 4, memoryMib: 4096 } }, 'service-offering-unfit'],
    [
      'no sizes for a custom offering',
      { target: { ...target, serviceOffering: 'custom-vm' } },
      'service-offering-unfit',
    ],
    ['a template that is not there', { target: { ...target, template: 'beos' } }, 'template-unknown'],
    ['a network that is not there', { target: { ...target, networks: [{ network: 'l3' }] } }, 'network-unknown'],
    ['a name that is taken', { target: { ...target, name: 'appliance-qc-2' } }, 'vm-name-taken'],
    ['a hook', { health: { hook: 'ping' } }, 'hook-unknown'],
    ['a guest step that is not configured', { guest: { kind: 'hook', hook: 'virtio' } }, 'hook-unknown'],
  ])('refuses %s', async (_what, changes, code) => {
    expect((await refusal(preflight(changes))).code).toBe(code);
  });

  test('refuses more data disks than the hypervisor allows', async () => {
    expect(await refusal(preflight({}, 34))).toMatchObject({
      code: 'too-many-disks',
      message: expect.stringContaining('33 data disks'),
    });
  });

  test('takes sizes within the bounds of a custom offering', async () => {
    const found = await preflight({ target: { ...target, serviceOffering: 'custom-vm', cpus: 2, memoryMib: 2048 } });
    expect(found.target?.details).toEqual({ cpuNumber: '2', memory: '2048' });
  });
});
