import { describe, expect, test } from '@jest/globals';
import { plannedCalls } from '../../client/failover-calls';
import { failoverPlanLines, shownFailoverPlan } from '../../client/failover-plan-text';
import { lossLines } from '../../client/failover-loss';
import { disksOf } from '../../client/failover-plan';
import { leastSeconds } from '../../client/planned-time';
import {
  dataVolume,
  failoverVmId,
  now,
  osVolume,
  planned,
  plannedBack,
  plannedFromPoint,
  requests,
} from './failover-samples';
import { applianceId } from './support';

const commands = (...of: Parameters<typeof plannedCalls>) => plannedCalls(...of).map(({ command }) => command);
const two = (command: string) => [command, command];

describe('the calls of CloudStack, in their order', () => {
  test('a test from the replicas: fresh snapshots, volumes, a VM, its root away, the disks, the start', () => {
    expect(commands(requests.test, planned)).toEqual([
      ...two('createSnapshot'),
      ...two('createVolume'),
      ...['deployVirtualMachine', 'detachVolume', 'deleteVolume'],
      ...two('attachVolume'),
      'startVirtualMachine',
    ]);
  });

  test('a test from a recovery point takes no snapshot; its volumes are made from those of the point', () => {
    const calls = plannedCalls(requests.test, plannedFromPoint);
    expect(calls.map(({ command }) => command)).not.toContain('createSnapshot');
    expect(calls.filter(({ command }) => command === 'createVolume').map(({ params }) => params['snapshotid'])).toEqual(
      ['00000000-0000-4000-8000-000000002000', '00000000-0000-4000-8000-000000002001'],
    );
  });

  test('a live failover moves the replicas themselves: the boot disk as 0', () => {
    const calls = plannedCalls(requests.live, planned);
    expect(calls.map(({ command }) => command)).toEqual([
      ...two('createSnapshot'),
      ...['deployVirtualMachine', 'detachVolume', 'deleteVolume'],
      ...two('detachVolume'),
      ...two('attachVolume'),
      'startVirtualMachine',
    ]);
    expect(calls.filter(({ command }) => command === 'attachVolume').map(({ params }) => params)).toEqual([
      { id: osVolume, virtualmachineid: '…', deviceid: '0' },
      { id: dataVolume, virtualmachineid: '…', deviceid: '1' },
    ]);
  });

  test('a deploy as it is sent', () => {
    const deploy = plannedCalls(requests.live, planned).find(({ command }) => command === 'deployVirtualMachine');
    expect(deploy?.params).toEqual({
      name: 'pgtest1-fo',
      displayname: 'pgtest1-fo',
      serviceofferingid: '22222222-2222-4222-8222-222222222222',
      templateid: '33333333-3333-4333-8333-333333333333',
      zoneid: '11111111-1111-4111-8111-111111111111',
      startvm: 'false',
      'iptonetworklist[0].networkid': '44444444-4444-4444-8444-444444444444',
      'iptonetworklist[0].mac': '02:00:4c:4f:4f:50',
      boottype: 'UEFI',
      bootmode: 'LEGACY',
      'details[0].rootDiskController': 'virtio',
      customid: '…',
    });
  });

  test('a failback snapshots what was written, takes the disks off, removes the VM, and only then attaches', () => {
    const calls = plannedCalls(requests.back, plannedBack);
    expect(calls.map(({ command }) => command)).toEqual([
      'stopVirtualMachine',
      ...two('createSnapshot'),
      ...two('detachVolume'),
      ...['destroyVirtualMachine', 'expungeVirtualMachine'],
      ...two('attachVolume'),
    ]);
    expect(calls.find(({ command }) => command === 'destroyVirtualMachine')?.params).toEqual({ id: failoverVmId });
    expect(calls.at(-1)?.params).toEqual({ id: dataVolume, virtualmachineid: applianceId });
  });

  test('a revert makes the new volumes before the former ones leave, and deletes none', () => {
    expect(commands(requests.revert, plannedFromPoint)).toEqual([
      ...two('createVolume'),
      ...two('detachVolume'),
      ...two('attachVolume'),
      ...two('updateVolume'),
    ]);
  });

  test('a VM id that may not be chosen is not shown as chosen', () => {
    const normalUser = { ...planned, preflight: { ...planned.preflight, mayChooseIds: false } };
    for (const { params } of plannedCalls(requests.test, normalUser)) expect(params).not.toHaveProperty('customid');
  });
});

describe('the plan for people', () => {
  test.each([
    ['test', requests.test, planned],
    ['live', requests.live, planned],
    ['back', requests.back, plannedBack],
    ['revert', requests.revert, plannedFromPoint],
  ] as const)('%s', (_kind, request, plan) => {
    expect(failoverPlanLines(shownFailoverPlan(request, plan), now)).toMatchSnapshot();
  });

  test('where attached volumes may not be snapshotted, it says that they leave for it', () => {
    const refused = { ...planned, preflight: { ...planned.preflight, snapshotsOfAttached: 'refused' as const } };
    expect(shownFailoverPlan(requests.live, refused).notes).toContainEqual(
      expect.stringContaining('the volumes leave the appliance for the snapshots and come back'),
    );
    expect(shownFailoverPlan(requests.revert, plannedFromPoint)).toMatchObject({ snapshotBytes: 0 });
  });

  test('what a failback gives up is told with its age, and what it keeps', () => {
    expect(lossLines(shownFailoverPlan(requests.back, plannedBack), now)).toEqual([
      'Given up: VM pgtest1-fo, and all that it wrote in the 2 h 0 min since 2026-11-26T10:00:00.000Z.',
      'Kept: a recovery point with those writes (diskferry points), and the replicas, which are not verified until they are replicated again in full.',
    ]);
  });
});

test('attaches come one after another, snapshots side by side', () => {
  const call = (command: string) => ({ command, params: {}, why: '' });
  expect(leastSeconds([call('attachVolume'), call('attachVolume')])).toBe(3);
  expect(leastSeconds([call('createSnapshot'), call('createSnapshot')])).toBe(2);
});

test('the disks of a run from a point are those of the point, whatever the VM has now', () => {
  const [first] = plannedFromPoint.plan.replicas;
  const fewer = {
    ...plannedFromPoint,
    plan: { ...plannedFromPoint.plan, replicas: first === undefined ? [] : [first] },
  };
  expect(disksOf(fewer).map(({ diskKey }) => diskKey)).toEqual([2000, 2001]);
});
