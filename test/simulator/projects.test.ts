import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { demoWorld } from '../../simulator/worlds/demo';
import { simulatedSite } from './simulated-site';
import type { Caller, Fields, SimulatedSite } from './simulated-site';

const PROJECT = '5b0e4c1e-92a4-4b70-8d3f-2f6f5d7c1a10';
const OTHER = '5b0e4c1e-92a4-4b70-8d3f-2f6f5d7c1a11';
const APPLIANCE = 'a3c1f0de-7b44-4d0c-9a51-4f3e2d1c0b9a';

describe('projects', () => {
  let site: SimulatedSite;
  let owned: string;
  beforeAll(async () => {
    site = await simulatedSite({
      world: {
        ...demoWorld,
        projects: [
          { id: PROJECT, name: 'migration', account: 'repluser' },
          { id: OTHER, name: 'other', account: 'admin' },
        ],
        machines: [
          ...(demoWorld.machines ?? []),
          { id: APPLIANCE, name: 'appliance-of-project', account: 'repluser', project: 'migration' },
        ],
      },
    });
    owned = await create(site.user, 'owned', { projectid: PROJECT });
    await create(site.user, 'own');
  });
  afterAll(async () => {
    await site.close();
  });

  async function create(caller: Caller, name: string, more: Fields = {}): Promise<string> {
    const { content } = await caller.call('createVolume', {
      ...{ name, zoneid: site.zone, diskofferingid: site.customOffering, size: '1', ...more },
    });
    await caller.job(content.jobid);
    return content.id ?? '';
  }
  const names = async (caller: Caller, more: Fields = {}): Promise<string[]> =>
    (await caller.volumes({ type: 'DATADISK', ...more })).map((volume) => volume.name).sort();

  test('a volume of a project says so, and names no account', async () => {
    const [volume] = await site.user.volumes({ id: owned, projectid: PROJECT });
    expect(volume).toMatchObject({ projectid: PROJECT, project: 'migration' });
    expect(volume).not.toHaveProperty('account');
  });

  test('it is hidden where no project is named, from listall and a normal user’s id too', async () => {
    expect(await names(site.user)).toEqual(['own']);
    expect(await names(site.user, { id: owned })).toEqual([]);
    expect(await names(site.admin, { listall: 'true' })).toEqual(['own']);
    expect(await names(site.admin, { listall: 'true', name: 'owned' })).toEqual([]);
  });

  test('a root admin that names it by id sees it', async () => {
    expect(await names(site.admin, { id: owned })).toEqual(['owned']);
  });

  test('projectid shows what the project has, -1 what all of them have, with listall everything', async () => {
    expect(await names(site.user, { projectid: PROJECT })).toEqual(['owned']);
    expect(await names(site.admin, { projectid: PROJECT })).toEqual(['owned']);
    expect(await names(site.user, { projectid: '-1' })).toEqual(['owned']);
    expect(await names(site.admin, { projectid: '-1', listall: 'true' })).toEqual(['own', 'owned']);
  });

  test('another project is refused with 531, an unknown one with 431', async () => {
    expect((await site.user.call('listVolumes', { projectid: OTHER })).status).toBe(531);
    expect((await site.user.call('createVolume', { projectid: OTHER, name: 'x' })).status).toBe(531);
    expect((await site.user.call('listVolumes', { projectid: owned })).status).toBe(431);
  });

  test('its owner attaches to its VM, detaches and deletes', async () => {
    const machines = await site.user.call('listVirtualMachines', { projectid: PROJECT });
    expect(machines.content['virtualmachine']).toMatchObject([{ id: APPLIANCE, projectid: PROJECT }]);
    const id = await create(site.user, 'worked-with', { projectid: PROJECT });
    expect((await site.user.run('attachVolume', { id, virtualmachineid: APPLIANCE })).jobstatus).toBe(1);
    expect((await site.user.run('detachVolume', { id })).jobstatus).toBe(1);
    expect((await site.user.call('deleteVolume', { id })).content).toEqual({ success: true });
  });

  test('listProjects: one’s own, all for a root admin with listall', async () => {
    const projects = async (caller: Caller, more: Fields = {}): Promise<string[]> =>
      ((await caller.call('listProjects', more)).content['project'] as { name: string }[]).map(({ name }) => name);
    expect(await projects(site.user)).toEqual(['migration']);
    expect(await projects(site.admin)).toEqual(['other']);
    expect(await projects(site.admin, { listall: 'true' })).toEqual(['migration', 'other']);
  });

  test('the accounts of projects are nobody’s to see', async () => {
    const { content } = await site.admin.call('listAccounts', { listall: 'true' });
    expect((content['account'] as { name: string }[]).map(({ name }) => name).sort()).toEqual(['admin', 'repluser']);
    expect(site.simulator.accounts.map(({ name }) => name).sort()).toEqual(['admin', 'repluser']);
  });
});
