import { describe, expect, test } from '@jest/globals';
import { judgeVm } from '../../activities/judge-vm';
import { whyNotOwnRoot } from '../../activities/judge-root';
import { pickMachine } from '../../activities/find-deployed';
import { isKnownRefusal } from '../../activities/known-refusals';
import { deployParameters } from '../../activities/send-deploy';
import type { VirtualMachine, Volume } from '../../cloudstack/api';
import type { VmOperation } from '../../database/vm-operations';
import type { DeployVmInput } from '../../domain/failover-io';
import { failoverVmDisplayName } from '../../domain/names';

const VM = '0d6c7a52-5b1e-4c8a-9f3e-aaaaaaaaaaaa';
const ROOT = '0d6c7a52-5b1e-4c8a-9f3e-bbbbbbbbbbbb';

const machine = (fields: Partial<VirtualMachine> = {}): VirtualMachine => ({
  id: VM,
  name: 'pgtest1',
  state: 'Stopped',
  templateid: 'template',
  nic: [],
  tags: [],
  ...fields,
});

const root = (fields: Partial<Volume> = {}): Volume => ({
  id: ROOT,
  name: 'ROOT-7',
  size: 2 ** 31,
  state: 'Allocated',
  type: 'ROOT',
  templateid: 'template',
  virtualmachineid: VM,
  deviceid: 0,
  tags: [],
  ...fields,
});

describe('judgeVm', () => {
  test.each([
    ['Running', 'running'],
    ['Stopped', 'stopped'],
    ['Destroyed', 'destroyed'],
    ['Expunging', 'destroyed'],
    ['Error', 'error'],
    ['Unknown', 'other'],
    ['Starting', 'pending'],
    ['Stopping', 'pending'],
    ['Migrating', 'pending'],
  ])('a VM in state %s is %s', (state, verdict) => {
    expect(judgeVm([machine({ state })], VM).verdict).toBe(verdict);
  });

  test('a pending job hides the state; a job that is over does not', () => {
    const busy = machine({ state: 'Running', jobid: 'job', jobstatus: 0 });
    expect(judgeVm([busy], VM)).toMatchObject({ verdict: 'pending', jobId: 'job' });
    expect(judgeVm([{ ...busy, jobstatus: 1 }], VM).verdict).toBe('running');
  });

  test('not listed, or only another one, is gone', () => {
    expect(judgeVm([], VM).verdict).toBe('gone');
    expect(judgeVm([machine({ id: 'another' })], VM).verdict).toBe('gone');
  });
});

describe("whyNotOwnRoot: only the root that the VM's template made may go with the VM", () => {
  const known = { inDatabase: false, recordedRoots: [], machine: machine() };

  test('a root of its template', () => {
    expect(whyNotOwnRoot(root(), known)).toBeUndefined();
    expect(whyNotOwnRoot(root(), { ...known, machine: undefined })).toBeUndefined();
  });

  test('the recorded one, also after it was taken off and became a data volume', () => {
    const taken = root({ type: 'DATADISK' });
    expect(whyNotOwnRoot(taken, { ...known, recordedRoots: [ROOT] })).toBeUndefined();
    expect(whyNotOwnRoot(taken, known)).toContain('data volume');
  });

  const refused: [string, Volume, Partial<typeof known>][] = [
    ['known to the database', root(), { inDatabase: true }],
    ['tagged as ours', root({ tags: [{ key: 'diskferry-vm', value: 'qc/vc/1' }] }), {}],
    ['made from a snapshot', root({ snapshotid: 'snapshot' }), {}],
    ['a data volume', root({ type: 'DATADISK' }), {}],
    ['not made from a template', root({ templateid: undefined }), {}],
    ['made from another template', root({ templateid: 'another' }), {}],
    ['another than the recorded one', root({ id: 'another' }), { recordedRoots: [ROOT] as never[] }],
  ];
  test.each(refused)('not one that is %s', (_, volume, fields) => {
    expect(whyNotOwnRoot(volume, { ...known, ...fields })).toEqual(expect.any(String));
  });

  test('what the database knows is ours even if its row says that it is the root', () => {
    expect(whyNotOwnRoot(root(), { ...known, inDatabase: true, recordedRoots: [ROOT] })).toContain('ours');
  });
});

test('of several VMs of one deploy the tagged one stays, then the oldest', () => {
  const old = machine({ id: 'old', created: '2026-11-22T16:00:00Z' });
  const young = machine({ id: 'young', created: '2026-11-22T16:00:01Z' });
  const tagged = { ...young, tags: [{ key: 'diskferry-owner', value: 'fail-over-vm/…' }] };
  expect(pickMachine([young, old])?.id).toBe('old');
  expect(pickMachine([tagged, old])?.id).toBe('young');
  expect(pickMachine([])).toBeUndefined();
});

describe('deployParameters', () => {
  const input: DeployVmInput = {
    site: 'qc',
    sourceId: 'vc',
    sourceVmId: '420570c7-f61f-4930-87c5-1e876786cb3c',
    vmName: 'pgtest1',
    applianceId: '1c266316-503d-451d-9392-9585a6fcba41',
    firstRunId: 'run',
    attempt: 1,
    purpose: 'live',
    name: 'pgtest1',
    zoneId: 'zone',
    serviceOfferingId: 'offering',
    templateId: 'template',
    networks: [{ id: 'n1' }, { id: 'n2', macAddress: '02:00:4c:4f:4f:50' }],
    details: { cpuNumber: '2' },
    firmware: 'uefi-secure',
  };
  const operation: VmOperation = {
    id: 'deadbeef-0000-4000-8000-000000000000',
    kind: 'deploy',
    site: 'qc',
    sourceId: 'vc',
    sourceVmId: input.sourceVmId,
    attempt: 1,
    failoverVmName: 'pgtest1',
    jobId: 'job',
    choseVmId: false,
    state: 'recorded',
    workflowId: 'fail-over-vm/…',
    firstRunId: 'run',
    runId: 'run',
    activityId: '1',
    epoch: 1,
    createdAt: '2026-11-22T16:00:00Z',
    updatedAt: '2026-11-22T16:00:00Z',
  };

  test('never starts the VM; networks keep their order, with an address where one is asked for', () => {
    expect(deployParameters(input, operation)).toMatchObject({
      startVm: false,
      networkIds: ['n1', 'n2'],
      macAddresses: [undefined, '02:00:4c:4f:4f:50'],
      bootType: 'UEFI',
      bootMode: 'SECURE',
      customJobId: 'job',
    });
    expect(deployParameters({ ...input, networks: [{ id: 'n1' }] }, operation)).not.toHaveProperty('macAddresses');
  });

  test('BIOS is not said, since nothing else is meant by it', () => {
    expect(deployParameters({ ...input, firmware: 'bios' }, operation)).not.toHaveProperty('bootType');
    expect(deployParameters({ ...input, firmware: 'uefi' }, operation)).toMatchObject({ bootMode: 'LEGACY' });
  });

  test('without a chosen id the display name tells whose it is; with one it is the name', () => {
    expect(deployParameters(input, operation)).toMatchObject({
      displayName: failoverVmDisplayName('pgtest1', operation.id),
    });
    const chosen = deployParameters(input, { ...operation, choseVmId: true, failoverVmId: VM });
    expect(chosen).toMatchObject({ displayName: 'pgtest1', customId: VM });
  });
});

describe('refusals of a deploy that no repetition changes', () => {
  test.each([
    "Invalid name. Vm name can contain ASCII letters 'a' through 'z', the digits",
    'Need to specify custom parameter values cpu, cpu speed and memory when using custom offering',
    'Invalid CPU cores value, specify a value between 1 and 8',
    'Unable to use network with id= 5f0a, permission denied',
    'Hypervisor passed to the deployVm call, is different from the hypervisor type of the Template',
    "Maximum amount of resources of Type = 'user_vm', tag = 'null' for Account Name = u is exceeded",
  ])('%s', (text) => {
    expect(isKnownRefusal('deployVirtualMachine', text)).toBe(true);
  });

  test('others are tried again', () => {
    expect(isKnownRefusal('deployVirtualMachine', 'Unable to create a deployment for VM instance')).toBe(false);
  });
});
