import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { contentDigest } from '../../simulator/content-digest';
import { demoApplianceId } from '../../stack/local-stack';
import { type ConnectedStack, connectToStack } from '../support/connected-stack';
import { type SourceVm, sourceVm } from '../support/source-vm';
import { startTestStack } from '../support/stack';
import { until } from '../support/until';
import { failBackRequest, failoverRequest, failoverVmName, keyOf } from '../support/failover-requests';

let world: ConnectedStack;
const vms: SourceVm[] = [];
beforeAll(async () => {
  world = await connectToStack(await startTestStack());
}, 120_000);
afterAll(async () => {
  for (const vm of vms) await vm.stop();
  await world.disconnect();
  await world.stack.stop();
}, 60_000);

const replicated = async (): Promise<SourceVm> => {
  const vm = await sourceVm(world.stack, 2, { dataMib: 1, sizeMib: 128 });
  vms.push(vm);
  const started = await world.replications.start(vm.request());
  await world.replications.result(started.vm, started.runId);
  return vm;
};
const volumesOf = async (vm: SourceVm): Promise<string[]> =>
  (await world.repositories.disks.ofVm(keyOf(vm))).map(({ volumeId }) => volumeId);
const digestsOf = async (volumes: readonly string[]): Promise<string[]> =>
  await Promise.all(
    volumes.map((id) => contentDigest(join(world.stack.folder.path('simulator', 'volumes'), `${id}.raw`))),
  );
const machineOf = async (vm: SourceVm) =>
  (await world.control.world()).machines.find(({ name }) => name === failoverVmName(vm));
/** device path, VM and role of what is mapped, by disk key */
const mappedOf = async (volumes: readonly string[]) => {
  const all = await world.repositories.mappings.list();
  return volumes.map((id) => {
    const row = all.find(({ volumeId }) => volumeId === id);
    return row === undefined ? undefined : `${row.role} ${row.devicePath}`;
  });
};
/** The volumes of a VM are detached slowly from now on; resolves when such a detach has been asked for. */
const slowlyDetached = async (volumes: readonly string[]): Promise<() => Promise<void>> => {
  for (const volumeId of volumes) {
    await world.control.fault({ kind: 'delay', command: 'detachVolume', volumeId, where: 'work', ms: 3_000 });
  }
  return () =>
    until(async () =>
      (await world.control.changes()).some(
        ({ command, parameters }) => command === 'detachVolume' && volumes.includes(parameters['id'] ?? ''),
      ),
    );
};

test('a worker killed with SIGKILL while one VM is moved, another is in its lease and a third comes back: all end properly', async () => {
  const [moved, tested, back] = await Promise.all([replicated(), replicated(), replicated()]);
  const [movedVolumes, testedVolumes, backVolumes] = await Promise.all([moved, tested, back].map(volumesOf));
  const all = [movedVolumes, testedVolumes, backVolumes].flatMap((volumes) => volumes ?? []);
  const before = await digestsOf(all);
  const there = await world.failovers.start(failoverRequest(back, 'live'));
  await world.failovers.result(keyOf(back), there);

  const inTest = await world.failovers.start(failoverRequest(tested, 'test', { lease: '6s' }));
  await until(async () => (await world.failovers.state(keyOf(tested))).phase === 'running');
  const moving = await slowlyDetached(movedVolumes ?? []);
  const coming = await slowlyDetached(backVolumes ?? []);
  const live = await world.failovers.start(failoverRequest(moved, 'live'));
  const returning = await world.failovers.startBack(failBackRequest(back));
  await Promise.all([moving(), coming()]);
  expect((await world.failovers.state(keyOf(moved))).phase).toBe('moving');
  expect((await world.failovers.state(keyOf(tested))).phase).toBe('running');
  await world.stack.part('worker').kill9({ stayDown: true });
  await world.stack.part('worker').start();

  expect(await world.failovers.result(keyOf(moved), live)).toMatchObject({ state: 'failed_over' });
  expect(await world.failovers.result(keyOf(back), returning)).toMatchObject({ state: 'returned' });
  expect(await world.failovers.result(keyOf(tested), inTest)).toMatchObject({ state: 'ended' });

  const machine = await machineOf(moved);
  expect(machine).toMatchObject({ state: 'Running', boot: { up: true } });
  expect(await mappedOf(movedVolumes ?? [])).toEqual(
    movedVolumes?.map((id, disk) => `${disk === 0 ? 'live_root' : 'live_data'} remote-vm-${machine?.id ?? '?'}-${id}`),
  );
  const onAppliance = [...(testedVolumes ?? []), ...(backVolumes ?? [])];
  expect(await mappedOf(onAppliance)).toEqual(onAppliance.map((id) => `replica remote-vm-${demoApplianceId}-${id}`));
  expect(await digestsOf(all)).toEqual(before);
  expect(await leftOver(all, machine?.id)).toEqual([]);
}, 180_000);

/** Whatever is anywhere and belongs to none of the three ends. */
async function leftOver(replicas: readonly string[], liveVmId: string | undefined): Promise<string[]> {
  const { volumes, machines, snapshots, pendingJobs } = await world.control.world();
  const { counted, repositories } = world;
  const own = counted.ownThings();
  const points = await Promise.all(vms.map((vm) => repositories.points.ofVm(keyOf(vm))));
  const complete = points.flat().filter(({ state }) => state === 'complete');
  const kept = new Set(complete.flatMap((point) => point.snapshots.map(({ snapshotId }) => snapshotId)));
  const rows = await counted.database.query<{ name: string }>(
    `SELECT CONCAT('unfinished ', kind) AS name FROM volume_operations WHERE state = 'recorded'
     UNION ALL SELECT CONCAT('unfinished ', kind) FROM vm_operations WHERE state = 'recorded'
     UNION ALL SELECT CONCAT('point ', state) FROM recovery_points WHERE state IN ('taking', 'removing')
     UNION ALL SELECT volume_name FROM test_volumes WHERE gone_at IS NULL
     UNION ALL SELECT export_name FROM nbd_exports
     UNION ALL SELECT workflow_id FROM vm_claims WHERE workflow_id IS NOT NULL
     UNION ALL SELECT workflow_id FROM vm_test_claims WHERE workflow_id IS NOT NULL`,
  );
  return [
    ...volumes.filter(({ id }) => !own.has(id) && !replicas.includes(id)).map(({ name }) => name),
    ...machines.filter(({ id }) => !own.has(id) && id !== liveVmId).map(({ name }) => name),
    ...snapshots.filter(({ id }) => !kept.has(id)).map(({ name }) => name),
    ...pendingJobs.map(({ cmd }) => cmd),
    ...rows.map(({ name }) => name),
  ];
}
