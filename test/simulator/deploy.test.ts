import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MachineCalls } from './machine-calls';
import { simulatedSite } from './simulated-site';
import type { Fields, Reply, SimulatedSite } from './simulated-site';

const GIB = 1024 ** 3;
const UNKNOWN = '0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f';

describe('deployVirtualMachine', () => {
  let site: SimulatedSite;
  let vms: MachineCalls;
  beforeAll(async () => {
    site = await simulatedSite();
    vms = new MachineCalls(site);
  });
  afterAll(async () => {
    await site.close();
  });
  const refused = async (more: Fields): Promise<Reply> => {
    const before = (await vms.list({ listall: 'true' })).length;
    const reply = await site.admin.call('deployVirtualMachine', vms.wanted(more), 'POST');
    expect(reply.key).toBe('deployvirtualmachineresponse');
    expect(await vms.list({ listall: 'true' })).toHaveLength(before);
    return reply;
  };

  test('answers id and job with VM and root there already; stopped, it keeps its volumes allocated', async () => {
    const { content } = await site.admin.call('deployVirtualMachine', vms.wanted({ name: 'cold' }), 'POST');
    const id = content.id ?? '';
    expect(await vms.list({ id })).toMatchObject([{ name: 'cold', displayname: 'cold', state: 'Stopped' }]);
    expect(await site.admin.volumes({ virtualmachineid: id })).toMatchObject([
      { type: 'ROOT', deviceid: 0, state: 'Allocated', size: 2 * GIB },
    ]);
    expect(await site.admin.job(content.jobid)).toMatchObject({ jobstatus: 1, jobinstanceid: id });
    expect(existsSync(join(site.simulator.stateDirectory, 'guests', id, 'sys-block'))).toBe(true);
  });

  test('starts when nothing is said, and names a VM that has no name', async () => {
    const wanted = vms.wanted();
    delete wanted['startvm'];
    const { content } = await site.admin.call('deployVirtualMachine', wanted, 'POST');
    await site.admin.job(content.jobid);
    const [machine] = await vms.list({ id: content.id ?? '' });
    expect(machine).toMatchObject({ state: 'Running', name: `VM-${content.id ?? ''}` });
    expect(machine?.nic).toMatchObject([{ networkid: site.named['adminNetwork'] }]);
  });

  test.each([
    ['one index', { 'details[0].cpuNumber': '2', 'details[0].memory': '1024' }],
    ['an index each', { 'details[0].cpuNumber': '2', 'details[1].memory': '1024' }],
  ])('a customised offering takes its size from the details, %s', async (_, details) => {
    const id = await vms.deploy({ serviceofferingid: site.named['customServiceOffering'] ?? '', ...details });
    const [machine] = await vms.list({ id });
    expect(machine).toMatchObject({ cpunumber: 2, memory: 1024 });
    expect(machine?.details).toEqual({ cpuNumber: '2', memory: '1024', deployvm: 'true' });
  });

  test.each([
    ['none', {}, 'Need to specify custom parameter values cpu, cpu speed and memory when using custom offering'],
    ['no processors', { 'details[0].memory': '512' }, 'Invalid CPU cores value, specify a value between 1 and 8'],
    ['no memory', { 'details[0].cpuNumber': '1' }, 'Invalid memory value, specify a value between 128 and 8192'],
    [
      'too little memory',
      { 'details[0].cpuNumber': '1', 'details[0].memory': '64' },
      'Invalid memory value, specify a value between 128 and 8192',
    ],
  ])('a customised offering without its size is refused: %s', async (_, details, errortext) => {
    const { status, content } = await refused({
      serviceofferingid: site.named['customServiceOffering'] ?? '',
      ...details,
    });
    expect({ status, content }).toMatchObject({ status: 431, content: { cserrorcode: 4350, errortext } });
  });

  test.each(['-starts', 'ends-', '1st', 'under_score', 'ümlaut', 'a.b', 'x'.repeat(64)])(
    'a name that is no host name is refused: %s',
    async (name) => {
      const { status, content } = await refused({ name });
      expect(status).toBe(431);
      expect(content.errortext).toMatch(/^Invalid name\. Vm name can contain ASCII letters/);
    },
  );

  test('a name is taken on its network until its VM is expunged', async () => {
    const id = await vms.deploy({ name: 'taken', displayname: 'A name for people, ä' });
    expect(await vms.list({ id })).toMatchObject([{ name: 'taken', displayname: 'A name for people, ä' }]);
    const text = 'The vm with hostName taken already exists in the network domain: null; network=l2-admin';
    expect((await refused({ name: 'taken' })).content).toMatchObject({ errorcode: 431, errortext: text });
    await vms.run('destroyVirtualMachine', id);
    expect((await refused({ name: 'taken' })).content).toMatchObject({ errorcode: 431, errortext: text });
    await vms.run('expungeVirtualMachine', id);
    await vms.deploy({ name: 'taken' });
    // On another network it is free.
    await vms.deploy({ name: 'taken', account: 'repluser', networkids: site.named['userNetwork'] ?? '' });
  });

  test.each(['networkids', 'templateid', 'serviceofferingid', 'zoneid', 'diskofferingid', 'domainid'])(
    'an unknown %s is refused',
    async (name) => {
      const { status, content } = await refused({ [name]: UNKNOWN });
      expect(status).toBe(431);
      expect(content.errortext).toContain(`Invalid parameter ${name} value=${UNKNOWN} due to incorrect long value`);
    },
  );

  test("another account's network is refused, to root admins too", async () => {
    const networkids = site.named['userNetwork'] ?? '';
    const { status, content } = await refused({ networkids });
    expect({ status, text: content.errortext }).toEqual({
      status: 531,
      text: `Unable to use network with id= ${networkids}, permission denied`,
    });
  });

  test('a VM of an account is its own; users cannot make one for another account', async () => {
    const id = await vms.deploy({ account: 'repluser', networkids: site.named['userNetwork'] ?? '' });
    expect((await site.user.call('listVirtualMachines', { id })).content).toMatchObject({ count: 1 });
    expect((await site.user.volumes({ virtualmachineid: id }))[0]).toMatchObject({ type: 'ROOT' });
    const { status } = await site.user.call('deployVirtualMachine', vms.wanted({ account: 'admin' }), 'POST');
    expect(status).toBe(531);
  });

  test('a disk offering gives it a data disk, a root disk size a larger root', async () => {
    const id = await vms.deploy({ diskofferingid: site.customOffering, size: '3', rootdisksize: '5' });
    expect(await site.admin.volumes({ virtualmachineid: id })).toMatchObject([
      { type: 'ROOT', deviceid: 0, size: 5 * GIB },
      { type: 'DATADISK', deviceid: 1, size: 3 * GIB, state: 'Allocated' },
    ]);
    expect((await refused({ diskofferingid: site.customOffering })).content.errortext).toBe(
      'This disk offering requires a custom size specified',
    );
    expect((await refused({ rootdisksize: '1' })).content.errortext).toContain('smaller than template size');
  });

  test('another hypervisor than the template is for is refused', async () => {
    expect((await refused({ hypervisor: 'VMware' })).content.errortext).toContain('different from the hypervisor type');
    await vms.deploy({ hypervisor: 'kvm', keyboard: 'us', unknown: 'ignored' });
  });

  test('a chosen id: once, lower case, root admins only, and not again after the expunge', async () => {
    const customid = randomUUID();
    expect(await vms.deploy({ customid })).toBe(customid);
    expect((await refused({ customid })).content).toMatchObject({
      errorcode: 431,
      errortext: `UUID: ${customid} already exists so can't create/update with custom id`,
    });
    const upper = 'ABCDEF00-0000-4000-8000-000000000000';
    expect((await refused({ customid: upper })).content.errortext).toBe(
      `UUID: ${upper} doesn't follow the UUID format`,
    );
    const networkids = site.named['userNetwork'] ?? '';
    const asUser = await site.user.call('deployVirtualMachine', vms.wanted({ customid: randomUUID(), networkids }));
    expect(asUser).toMatchObject({
      status: 531,
      content: { errortext: 'Please check your permissions, you are not allowed to create/update custom id' },
    });
    await vms.run('destroyVirtualMachine', customid, { expunge: 'true' });
    expect((await refused({ customid })).content).toMatchObject({
      errorcode: 530,
      errortext: 'Entity already exists ',
    });
  });

  test('a chosen job id is checked after the VM was made: a resend leaves a second one', async () => {
    const wanted = vms.wanted({ displayname: 'sent-twice', customjobid: randomUUID() });
    const first = await site.admin.call('deployVirtualMachine', wanted, 'POST');
    expect(first.content.jobid).toBe(wanted['customjobid']);
    await site.admin.job(first.content.jobid);
    expect(await site.admin.call('deployVirtualMachine', wanted, 'POST')).toMatchObject({
      status: 530,
      content: { errortext: 'Entity already exists ' },
    });
    expect(await vms.list({ keyword: 'sent-twice' })).toMatchObject([{ state: 'Stopped' }, { state: 'Stopped' }]);
  });

  test('names and details change; a taken name is refused', async () => {
    const id = await vms.deploy({ name: 'before', 'details[0].rootDiskController': 'scsi' });
    const change = { id, name: 'after', displayname: 'After', 'details[0].dataDiskController': 'virtio' };
    expect((await site.admin.call('updateVirtualMachine', change, 'POST')).content).toMatchObject({
      virtualmachine: { id, name: 'after', displayname: 'After' },
    });
    expect((await vms.list({ id }))[0]?.details).toEqual({ dataDiskController: 'virtio', deployvm: 'true' });
    await vms.deploy({ name: 'neighbour' });
    expect(await site.admin.call('updateVirtualMachine', { id, name: 'neighbour' }, 'POST')).toMatchObject({
      status: 431,
    });
  });
});

describe('listVirtualMachines', () => {
  let site: SimulatedSite;
  let vms: MachineCalls;
  let id: string;
  beforeAll(async () => {
    site = await simulatedSite();
    vms = new MachineCalls(site);
    id = await vms.deploy({ name: 'sandbox-1', displayname: 'Shown' });
  });
  afterAll(async () => {
    await site.close();
  });

  test.each<[string, (of: SimulatedSite, id: string) => Fields, boolean]>([
    ['id', (_, own) => ({ id: own }), true],
    ['ids', (of, own) => ({ ids: `${of.machines['appliance-qc'] ?? ''},${own}` }), true],
    ['part of the name', () => ({ name: 'DBOX-' }), true],
    ['another name', () => ({ name: 'sandbox-2' }), false],
    ['keyword in the display name', () => ({ keyword: 'shown' }), true],
    ['keyword that is a state', () => ({ keyword: 'stopp' }), true],
    ['state', () => ({ state: 'stopped' }), true],
    ['state present', () => ({ state: 'present' }), true],
    ['another state', () => ({ state: 'Running' }), false],
    ['zone', (of) => ({ zoneid: of.zone }), true],
    ['network', (of) => ({ networkid: of.named['adminNetwork'] ?? '' }), true],
    ["another's network", (of) => ({ networkid: of.named['userNetwork'] ?? '' }), false],
    ['template', (of) => ({ templateid: of.named['template'] ?? '' }), true],
    ['offering', (of) => ({ serviceofferingid: of.named['serviceOffering'] ?? '' }), true],
    ['another offering', (of) => ({ serviceofferingid: of.named['customServiceOffering'] ?? '' }), false],
    ['account', () => ({ account: 'admin' }), true],
    ['another account', () => ({ account: 'repluser' }), false],
    ['a tag it has not', () => ({ 'tags[0].key': 'a', 'tags[0].value': 'b' }), false],
  ])('by %s', async (_, filter, found) => {
    expect((await vms.list(filter(site, id))).some((machine) => machine.id === id)).toBe(found);
  });

  test('shows the parts that are asked for', async () => {
    const [least] = await vms.list({ id, details: 'min' });
    expect(least).toMatchObject({ id, state: 'Stopped', nic: [] });
    expect(least).not.toHaveProperty('templateid');
    expect(least).not.toHaveProperty('cpunumber');
    const [some] = await vms.list({ id, details: 'nics,servoff' });
    expect(some).toMatchObject({ cpunumber: 2, nic: [{ networkid: site.named['adminNetwork'] }] });
    expect(some).not.toHaveProperty('rootdeviceid');
    expect((await site.admin.call('listVirtualMachines', { details: 'everything' })).status).toBe(431);
  });

  test("a root admin's own VMs without listall, all with it; a user never sees another's", async () => {
    const names = (list: { name: string }[]): string[] => list.map(({ name }) => name).sort();
    expect(names(await vms.list())).toEqual(['appliance-qc', 'appliance-qc-2', 'sandbox-1']);
    expect(names(await vms.list({ listall: 'true' }))).toContain('appliance-user');
    const { content } = await site.user.call('listVirtualMachines', { listall: 'true' });
    expect(content).toMatchObject({ count: 1, virtualmachine: [{ name: 'appliance-user' }] });
  });
});
