import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { demoWorld } from '../../simulator/worlds/demo';
import { temporaryFolder } from '../support/temporary-folder';
import { simulatedSite } from './simulated-site';
import type { SimulatedSite } from './simulated-site';
import { succeeded } from './snapshot-calls';

const USERS_APPLIANCE = 'b94e5a0c-2f3d-4d6e-9a7b-5c8d1e0f2a43';
const GIB = String(1024 ** 3);

describe('what an account may have (reference §1.4: 535)', () => {
  let site: SimulatedSite;
  beforeAll(async () => {
    const accounts = demoWorld.accounts.map((account) =>
      account.role === 'user' ? { ...account, limits: { volume: 4, primary_storage: 6, snapshot: 1 } } : account,
    );
    site = await simulatedSite({ world: { ...demoWorld, accounts } });
  });
  afterAll(() => site.close());

  const volume = (name: string, size = '1') => ({ name, size, zoneid: site.zone, diskofferingid: site.customOffering });

  async function limit(resourcetype: string): Promise<unknown> {
    const { content } = await site.user.call('listResourceLimits', { resourcetype });
    return content['resourcelimit'];
  }

  test('limits of the world file, of updateResourceLimit and the defaults are listed', async () => {
    const { admin, user } = site;
    expect(await limit('2')).toMatchObject([
      { resourcetype: '2', resourcetypename: 'volume', max: 4, account: 'repluser' },
    ]);
    expect(await limit('0')).toMatchObject([{ resourcetypename: 'user_vm', max: 20 }]);
    expect((await user.call('listResourceLimits')).content.count).toBe(17);
    expect(
      (await admin.call('listResourceLimits', { resourcetypename: 'volume' })).content['resourcelimit'],
    ).toMatchObject([{ max: -1, account: 'admin' }]);
    const update = { resourcetype: '0', account: 'repluser', domainid: (await domain()) ?? '', max: '7' };
    expect((await user.call('updateResourceLimit', update)).status).toBe(432);
    expect((await admin.call('updateResourceLimit', update)).content).toMatchObject({
      resourcelimit: { resourcetype: '0', resourcetypename: 'user_vm', max: 7 },
    });
    expect(await limit('0')).toMatchObject([{ max: 7 }]);
    expect((await admin.call('updateResourceLimit', { ...update, resourcetype: '99' })).content.errortext).toBe(
      'Please specify a valid resource type.',
    );
    const [account] = (await admin.call('listAccounts', { name: 'repluser', listall: 'true' })).content['account'] as {
      vmlimit: string;
    }[];
    expect(account?.vmlimit).toBe('7');
  });

  async function domain(): Promise<string | undefined> {
    const accounts = (await site.admin.call('listAccounts')).content['account'] as { domainid: string }[];
    return accounts[0]?.domainid;
  }

  test('volumes, their size, snapshots and growth are refused beyond them; admins never are', async () => {
    const { admin, user } = site;
    // The appliance's root is one volume of 2 GiB.
    const made = await user.run('createVolume', volume('a'));
    const id = succeeded(made).jobinstanceid ?? '';
    expect((await user.call('createVolume', volume('large', '4'))).content).toEqual({
      uuidList: [],
      ...{ errorcode: 535, cserrorcode: 4370 },
      errortext:
        "Maximum amount of resources of Type = 'primary_storage', tag = 'null' for Account Name = repluser in Domain Id = 1 is exceeded: " +
        `Account Resource Limit = (6.00 GB) ${String(6 * Number(GIB))}, Current Account Resource Amount = (3.00 GB) ${String(3 * Number(GIB))}, ` +
        `Current Account Resource Reservation = (0 bytes) 0, Requested Resource Amount = (4.00 GB) ${String(4 * Number(GIB))}.`,
    });
    succeeded(await user.run('createVolume', volume('b')));
    const third = succeeded(await user.run('createVolume', volume('c'))).jobinstanceid ?? '';
    const refused = await user.call('createVolume', volume('d'));
    expect(refused.content).toMatchObject({
      errorcode: 535,
      errortext: expect.stringMatching(
        /Type = 'volume', .* Account Resource Limit = 4, Current Account Resource Amount = 4, .*Requested Resource Amount = 1\.$/,
      ),
    });
    // A volume that an admin makes for the account counts as the account's.
    expect((await admin.call('createVolume', { ...volume('e'), account: 'repluser' })).status).toBe(535);
    succeeded(await admin.run('createVolume', volume('f')));
    // In a job it is a 530 with the text.
    expect(await user.run('resizeVolume', { id, size: '4' })).toMatchObject({
      jobresultcode: 530,
      jobresult: { errortext: expect.stringMatching(/Type = 'primary_storage'/) },
    });
    expect((await user.call('deleteVolume', { id: third })).content.success).toBe(true);
    succeeded(await user.run('resizeVolume', { id, size: '2' }));
  });

  test('snapshots', async () => {
    const { user } = site;
    const [root] = await user.volumes({ virtualmachineid: USERS_APPLIANCE, type: 'ROOT' });
    succeeded(await user.run('createSnapshot', { volumeid: root?.id ?? '' }));
    expect((await user.call('createSnapshot', { volumeid: root?.id ?? '' })).content).toMatchObject({
      ...{ errorcode: 535, cserrorcode: 4370 },
      errortext: expect.stringMatching(/Type = 'snapshot'/),
    });
  });

  test('a recovered volume must fit again: 431, as the server hands it on', async () => {
    const { admin, user } = site;
    const [free] = await user.volumes({ name: 'b' });
    const id = free?.id ?? '';
    succeeded(await user.run('attachVolume', { id, virtualmachineid: USERS_APPLIANCE }));
    succeeded(await user.run('detachVolume', { id }));
    succeeded(await user.run('destroyVolume', { id }));
    const max = { resourcetype: '10', account: 'repluser' };
    await admin.call('updateResourceLimit', { ...max, max: '4' });
    expect((await user.call('recoverVolume', { id })).content).toMatchObject({
      errorcode: 431,
      errortext: expect.stringMatching(/Type = 'primary_storage'/),
    });
    await admin.call('updateResourceLimit', { ...max, max: '-1' });
    expect((await user.call('recoverVolume', { id })).status).toBe(200);
  });

  test('a changed limit is remembered over a start, not over a reset', async () => {
    const folder = await temporaryFolder();
    try {
      const listed = async (at: SimulatedSite) =>
        (await at.user.call('listResourceLimits', { resourcetype: '3' })).content['resourcelimit'];
      const first = await simulatedSite({ stateDirectory: folder.path });
      await first.admin.call('updateResourceLimit', { resourcetype: '3', account: 'repluser', max: '3' });
      await first.close();
      const second = await simulatedSite({ stateDirectory: folder.path });
      expect(await listed(second)).toMatchObject([{ max: 3 }]);
      await second.control('POST', '/reset');
      expect(await listed(second)).toMatchObject([{ max: 20 }]);
      await second.close();
    } finally {
      await folder.remove();
    }
  });
});
