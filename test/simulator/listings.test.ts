import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { like } from '../../simulator/listing';
import { defaultWorld } from '../../simulator/worlds/default';
import { simulatedSite } from './simulated-site';
import type { Fields, Reply, SimulatedSite } from './simulated-site';

const UNKNOWN = '99999999-9999-4999-8999-999999999999';

let site: SimulatedSite;
const ids: Record<string, string> = {};

beforeAll(async () => {
  site = await simulatedSite({ world: defaultWorld });
  for (const name of ['one', 'two', 'Two', 'three']) ids[name] = await site.newVolume(name);
  const users = await site.user.run('createVolume', {
    ...{ name: 'two', zoneid: site.zone, diskofferingid: site.fixedOffering },
  });
  ids['of the user'] = users.jobinstanceid!;
  const appliance = site.machines['appliance-a']!;
  await site.admin.run('attachVolume', { id: ids['one']!, virtualmachineid: appliance });
  await site.admin.run('attachVolume', { id: ids['three']!, virtualmachineid: appliance });
  await site.admin.run('detachVolume', { id: ids['three']! });
  await site.admin.run('destroyVolume', { id: ids['three']! });
  for (const [name, value] of [
    ['one', 'a'],
    ['two', 'b'],
    ['Two', 'a'],
    ['three', 'c'],
  ] as const) {
    await site.admin.run('createTags', {
      ...{ resourcetype: 'Volume', resourceids: ids[name]!, 'tags[0].key': 'run', 'tags[0].value': value },
    });
  }
  await site.admin.run('createTags', {
    ...{ resourcetype: 'Volume', resourceids: ids['two']!, 'tags[0].key': 'kind', 'tags[0].value': 'x' },
  });
});

afterAll(async () => {
  await site.close();
});

/** The names of what was listed, by the placeholder names above. */
function listed(reply: Reply, key = 'volume'): string[] {
  expect(reply.status).toBe(200);
  const rows = (reply.content[key] ?? []) as { id: string; name: string }[];
  expect(reply.content.count ?? 0).toBeGreaterThanOrEqual(rows.length);
  const names = new Map(Object.entries(ids).map(([name, id]) => [id, name]));
  return rows.map((row) => names.get(row.id) ?? row.name);
}

describe('listVolumes', () => {
  const own = ['one', 'two', 'Two', 'three'];

  test.each<[what: string, as: 'admin' | 'user', parameters: Fields, expected: string[]]>([
    ['an admin without listall: its own account', 'admin', { type: 'DATADISK' }, own],
    ['an admin with listall: everybody', 'admin', { type: 'DATADISK', listall: 'true' }, [...own, 'of the user']],
    [
      'an admin with a domainid: everybody in it',
      'admin',
      { type: 'DATADISK', domainid: '{domain}' },
      [...own, 'of the user'],
    ],
    ['an admin with an account: that account', 'admin', { type: 'DATADISK', account: 'repluser' }, ['of the user']],
    ['a user: its own, with listall too', 'user', { type: 'DATADISK', listall: 'true' }, ['of the user']],
    ['a user with its domainid: its own', 'user', { type: 'DATADISK', domainid: '{domain}' }, ['of the user']],
    ['a name, compared without case and exactly', 'admin', { name: 'TWO' }, ['two', 'Two']],
    ['part of a name', 'admin', { name: 'tw' }, []],
    ['a name with a wildcard', 'admin', { name: 't%' }, []],
    ['an empty name', 'admin', { name: '' }, []],
    ['keyword: part of a name', 'admin', { keyword: 'wo' }, ['two', 'Two']],
    ['keyword: part of a state', 'admin', { keyword: 'DESTR' }, ['three']],
    ['keyword: part of a type', 'admin', { keyword: 'datad', listall: 'true' }, [...own, 'of the user']],
    ['keyword: a wildcard of its own', 'admin', { keyword: 'o_e' }, ['one']],
    ['type by part', 'admin', { type: 'data' }, own],
    ['state exactly', 'admin', { state: 'Destroy' }, ['three']],
    ['part of a state', 'admin', { state: 'Destr' }, []],
    ['an empty state', 'admin', { state: '' }, []],
    ['destroyed ones, for a user too: none of its own', 'user', { state: 'Destroy' }, []],
    ['an id of another account, an admin', 'admin', { id: '{of the user}' }, ['of the user']],
    ['an id of another account, a user', 'user', { id: '{one}' }, []],
    ['an id together with another account', 'admin', { id: '{one}', account: 'repluser' }, []],
    ["ids do not widen an admin's scope", 'admin', { ids: '{one},{of the user}' }, ['one']],
    ['ids with listall', 'admin', { ids: '{of the user},{one}', listall: 'true' }, ['one', 'of the user']],
    ['ids and name', 'admin', { ids: '{one},{two}', name: 'two' }, ['two']],
    ['a VM', 'admin', { virtualmachineid: '{appliance-a}', type: 'DATADISK' }, ['one']],
    ['a VM and a state', 'admin', { virtualmachineid: '{appliance-a}', state: 'Allocated' }, []],
    ['one tag', 'admin', { 'tags[0].key': 'run', 'tags[0].value': 'a' }, ['one', 'Two']],
    [
      'two tags are OR-ed',
      'admin',
      { 'tags[0].key': 'run', 'tags[0].value': 'a', 'tags[1].key': 'kind', 'tags[1].value': 'x' },
      ['one', 'two', 'Two'],
    ],
    ['a tag with another value', 'admin', { 'tags[0].key': 'run', 'tags[0].value': 'd' }, []],
    ['a disk offering', 'admin', { diskofferingid: '{fixed-5}', listall: 'true' }, ['of the user']],
    ['a zone', 'admin', { zoneid: '{zone}', name: 'one' }, ['one']],
    ['a pool: what is placed', 'admin', { storageid: '{pool}', type: 'DATADISK' }, ['one', 'three']],
    ['a cluster, an admin', 'admin', { clusterid: '{cluster}', type: 'DATADISK' }, ['one', 'three']],
    [
      'a pool, from a user: not looked at',
      'user',
      { storageid: 'nonsense', clusterid: 'nonsense', type: 'DATADISK' },
      ['of the user'],
    ],
    ['displayvolume=false', 'admin', { displayvolume: 'false' }, []],
    [
      'displayvolume=false, from a user: not looked at',
      'user',
      { displayvolume: 'false', type: 'DATADISK' },
      ['of the user'],
    ],
    ['isencrypted=true', 'admin', { isencrypted: 'true' }, []],
    [
      'isencrypted=false and listsystemvms',
      'admin',
      { isencrypted: 'false', listsystemvms: 'true', type: 'DATADISK' },
      own,
    ],
    ['all projects: none', 'admin', { projectid: '-1' }, []],
    ['a parameter that there is not', 'admin', { nmae: 'x', name: 'one' }, ['one']],
  ])('%s', async (_, as, parameters, expected) => {
    expect(listed(await site[as].call('listVolumes', await filled(parameters)))).toEqual(expected);
  });

  test.each<[what: string, parameters: Fields, code: number, text: string, exceptionCode?: number]>([
    ['id and ids', { id: '{one}', ids: '{two}' }, 431, 'Specify either id or ids but not both parameters', 4350],
    [
      'an account that is not there',
      { account: 'nobody' },
      431,
      'could not find account nobody in domain {domain}',
      4350,
    ],
    [
      'account and projectid',
      { account: 'admin', projectid: '-1' },
      431,
      "Account and projectId can't be specified together",
      4350,
    ],
    ['an unknown pool', { storageid: UNKNOWN }, 431, `Unable to find storage pool by uuid ${UNKNOWN}`, 4350],
    [
      'an unknown VM',
      { virtualmachineid: UNKNOWN },
      431,
      `Unable to execute API command listvolumes due to invalid value. Invalid parameter virtualmachineid value=${UNKNOWN} due to incorrect long value format, or entity does not exist or due to incorrect parameter annotation for the field in api cmd class.`,
      9999,
    ],
    ['page without pagesize', { page: '1' }, 431, '"pagesize" parameter is required when "page" is specified', 9999],
    [
      'pagesize without page',
      { pagesize: '5' },
      431,
      '"page" parameter is required when "pagesize" is specified',
      9999,
    ],
    [
      'pagesize 501',
      { page: '1', pagesize: '501' },
      431,
      "Page size can't exceed max allowed page size value: 500",
      4350,
    ],
    [
      'page with pagesize -1',
      { page: '1', pagesize: '-1' },
      431,
      "Can't specify page parameter when pagesize is -1 (Unlimited)",
      4350,
    ],
    [
      'a page that is no number',
      { page: 'x', pagesize: '5' },
      431,
      'Unable to execute API command listvolumes due to invalid value x for parameter page',
      9999,
    ],
  ])('refused: %s', async (_, parameters, code, text, exceptionCode) => {
    const { status, content } = await site.admin.call('listVolumes', await filled(parameters));
    expect({ status, text: content.errortext, exceptionCode: content.cserrorcode }).toEqual({
      status: code,
      text: (await filled({ text }))['text'],
      exceptionCode,
    });
  });

  test.each<[what: string, parameters: Fields, expected: object]>([
    ['nothing found', { name: 'nothing' }, {}],
    ['the count alone', { type: 'DATADISK', retrieveonlyresourcecount: 'true' }, { count: 4 }],
    ['the count alone of nothing', { name: 'nothing', retrieveonlyresourcecount: 'true' }, {}],
    ['a page beyond the end', { type: 'DATADISK', page: '3', pagesize: '2' }, { count: 4 }],
    ['a page of no rows', { type: 'DATADISK', page: '1', pagesize: '0' }, { count: 4 }],
  ])('the shape of %s', async (_, parameters, expected) => {
    expect((await site.admin.call('listVolumes', parameters)).content).toEqual(expected);
  });

  test('pages go from the newest to the oldest, each with the count of all, their rows by age', async () => {
    const page = (number: number) =>
      site.admin.call('listVolumes', { type: 'DATADISK', page: String(number), pagesize: '3' });
    expect(listed(await page(1))).toEqual(['two', 'Two', 'three']);
    expect(listed(await page(2))).toEqual(['one']);
    expect(listed(await page(0))).toEqual(listed(await page(1)));
    expect((await page(2)).content.count).toBe(4);
    const unlimited = await site.admin.call('listVolumes', { type: 'DATADISK', pagesize: '-1' });
    expect(listed(unlimited)).toEqual(own);
  });

  test("an expunged volume is never shown, its id an empty list, a user's 531 for another account", async () => {
    const id = await site.newVolume('expunged');
    await site.admin.call('deleteVolume', { id });
    for (const parameters of [{ id }, { name: 'expunged', listall: 'true' }, { ids: id, state: 'Expunged' }]) {
      expect((await site.admin.call('listVolumes', parameters)).content).toEqual({});
    }
    const other = await site.user.call('listVolumes', { account: 'admin' });
    expect({ status: other.status, code: other.content.cserrorcode }).toEqual({ status: 531, code: 4365 });
  });
});

describe('what a site offers', () => {
  test.each<[command: string, key: string, as: 'admin' | 'user', parameters: Fields, expected: string[]]>([
    ['listDiskOfferings', 'diskoffering', 'user', { name: 'FIXED-5' }, ['fixed-5']],
    ['listDiskOfferings', 'diskoffering', 'admin', { keyword: 'size' }, ['custom-disk']],
    ['listDiskOfferings', 'diskoffering', 'admin', { keyword: 'disk', page: '2', pagesize: '2' }, ['Large', 'Custom']],
    ['listDiskOfferings', 'diskoffering', 'admin', { storagetype: 'local' }, []],
    [
      'listDiskOfferings',
      'diskoffering',
      'admin',
      {
        name: 'fixed-5',
        storagetype: 'shared',
        state: 'all',
        encrypt: 'false',
        zoneid: '{zone}',
        virtualmachineid: '{appliance-a}',
      },
      ['fixed-5'],
    ],
    ['listDiskOfferings', 'diskoffering', 'admin', { state: 'Inactive' }, []],
    ['listDiskOfferings', 'diskoffering', 'admin', { encrypt: 'true' }, []],
    ['listServiceOfferings', 'serviceoffering', 'user', { keyword: 'custom' }, ['custom-vm']],
    ['listServiceOfferings', 'serviceoffering', 'user', { cpunumber: '4' }, ['custom-vm']],
    [
      'listServiceOfferings',
      'serviceoffering',
      'admin',
      { cpunumber: '1', memory: '512' },
      ['appliance-2c4g', 'custom-vm'],
    ],
    ['listServiceOfferings', 'serviceoffering', 'admin', { virtualmachineid: '{appliance-a}' }, ['custom-vm']],
    ['listServiceOfferings', 'serviceoffering', 'admin', { issystem: 'true' }, []],
    ['listZones', 'zone', 'user', { name: 'ZONE1', networktype: 'advanced', available: 'true' }, ['zone1']],
    ['listZones', 'zone', 'admin', { keyword: 'one' }, ['zone1']],
    ['listZones', 'zone', 'admin', { name: 'zone' }, []],
    ['listNetworks', 'network', 'admin', {}, ['l2-user', 'l2-admin']],
    ['listNetworks', 'network', 'admin', { account: 'admin', domainid: '{domain}' }, ['l2-admin']],
    ['listNetworks', 'network', 'user', { listall: 'true' }, ['l2-user']],
    ['listNetworks', 'network', 'admin', { keyword: 'admin', type: 'L2', traffictype: 'guest' }, ['l2-admin']],
    ['listNetworks', 'network', 'admin', { type: 'Isolated' }, []],
    ['listTemplates', 'template', 'user', { templatefilter: 'featured' }, ['CentOS 5.6 (64-bit) no GUI (Simulator)']],
    ['listTemplates', 'template', 'user', { templatefilter: 'self' }, []],
    ['listTemplates', 'template', 'admin', { templatefilter: 'community' }, []],
    [
      'listTemplates',
      'template',
      'admin',
      { templatefilter: 'self', id: '{template}' },
      ['CentOS 5.6 (64-bit) no GUI (Simulator)'],
    ],
    [
      'listTemplates',
      'template',
      'admin',
      { templatefilter: 'all', keyword: 'centos', hypervisor: 'simulator' },
      ['CentOS 5.6 (64-bit) no GUI (Simulator)'],
    ],
    ['listAccounts', 'account', 'admin', {}, ['admin']],
    ['listAccounts', 'account', 'admin', { listall: 'true' }, ['admin', 'repluser']],
    ['listAccounts', 'account', 'admin', { listall: 'true', accounttype: '0' }, ['repluser']],
    ['listAccounts', 'account', 'user', { listall: 'true' }, ['repluser']],
    ['listHosts', 'host', 'admin', { type: 'routing', state: 'Down' }, []],
    ['listPods', 'pod', 'admin', {}, ['pod1']],
    ['listClusters', 'cluster', 'admin', { hypervisor: 'Simulator' }, ['c1']],
    ['listStoragePools', 'storagepool', 'admin', { name: 'ps1', clusterid: '{cluster}' }, ['ps1']],
    ['listDomains', 'domain', 'admin', { listall: 'true' }, ['ROOT']],
    ['listOsTypes', 'ostype', 'user', { keyword: 'centos' }, ['CentOS 5.6 (64-bit)']],
  ])('%s %s as %s with %j: %j', async (command, key, as, parameters, expected) => {
    expect(listed(await site[as].call(command, await filled(parameters)), key)).toEqual(expected);
  });

  test('a VM runs on a host that listHosts names', async () => {
    const { content } = await site.admin.call('listVirtualMachines', { id: site.machines['appliance-a']! });
    const [machine] = content['virtualmachine'] as { hostid: string; hostname: string }[];
    expect(listed(await site.admin.call('listHosts', { id: machine!.hostid }), 'host')).toEqual([machine!.hostname]);
  });

  test.each<[command: string, as: 'admin' | 'user', parameters: Fields, code: number, text: string]>([
    [
      'listTemplates',
      'user',
      {},
      431,
      'Unable to execute API command listtemplates due to missing parameter templatefilter',
    ],
    ['listTemplates', 'user', { templatefilter: 'all' }, 431, 'Filter all can be specified by admin only'],
    [
      'listTemplates',
      'admin',
      { templatefilter: 'mine' },
      431,
      'No enum constant com.cloud.template.VirtualMachineTemplate.TemplateFilter.mine',
    ],
    [
      'listDiskOfferings',
      'user',
      { isrecursive: 'true' },
      431,
      'Only ROOT admins and Domain admins can list disk offerings with isrecursive=true',
    ],
    ['listDiskOfferings', 'admin', { state: 'Broken' }, 431, 'Invalid state value: Broken'],
    ['listServiceOfferings', 'user', { issystem: 'true' }, 431, "Only ROOT admins can access system's offering"],
    [
      'listNetworks',
      'admin',
      { account: 'nobody', domainid: '{domain}' },
      431,
      'Unable to find account nobody in specified domain',
    ],
  ])('%s as %s with %j is refused', async (command, as, parameters, code, text) => {
    const { status, content } = await site[as].call(command, await filled(parameters));
    expect({ status, text: content.errortext }).toEqual({ status: code, text });
  });

  test.each(['listHosts', 'listPods', 'listClusters', 'listStoragePools', 'listDomains', 'listHypervisorCapabilities'])(
    '%s is not for users',
    async (command) => {
      expect((await site.user.call(command)).status).toBe(432);
    },
  );

  test("tags are listed by resource, key, value and keyword, the caller's own without listall", async () => {
    const values = async (as: 'admin' | 'user', parameters: Fields) =>
      (
        (await site[as].call('listTags', await filled(parameters))).content['tag'] as { value: string }[] | undefined
      )?.map((tag) => tag.value) ?? [];
    expect(await values('admin', { key: 'RUN' })).toEqual(['a', 'b', 'a', 'c']);
    expect(await values('admin', { resourcetype: 'volume', resourceid: '{two}' })).toEqual(['b', 'x']);
    expect(await values('admin', { value: 'a', page: '1', pagesize: '1' })).toEqual(['a']);
    expect(await values('admin', { keyword: 'b' })).toEqual(['b']);
    expect(await values('user', { key: 'run', listall: 'true' })).toEqual([]);
  });
});

test.each([
  ['Disk-1', 'sk-', true],
  ['Disk-1', 'SK', true],
  ['Disk-1', 'd_s', true],
  ['Disk-1', 'd_k', false],
  ['Disk-1', 'd%1', true],
  ['a_b', 'a\\_b', true],
  ['axb', 'a\\_b', false],
  ['a.b', 'a.b', true],
  ['axb', 'a.b', false],
])('LIKE: %j has %j in it: %j', (text, word, expected) => {
  expect(like(text, word)).toBe(expected);
});

/** Parameters with the world's own ids for `{name}`. */
async function filled(parameters: Fields): Promise<Fields> {
  const [zone] = (await site.admin.call('listAccounts')).content['account'] as { domainid: string }[];
  const [pool] = (await site.admin.call('listStoragePools')).content['storagepool'] as {
    id: string;
    clusterid: string;
  }[];
  const known: Record<string, string | undefined> = {
    ...ids,
    ...site.machines,
    ...site.named,
    zone: site.zone,
    'fixed-5': site.fixedOffering,
    domain: zone?.domainid,
    pool: pool?.id,
    cluster: pool?.clusterid,
  };
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      value.replace(/\{([^}]+)\}/g, (whole, key: string) => known[key] ?? whole),
    ]),
  );
}
