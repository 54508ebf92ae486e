import { afterEach, describe, expect, test } from '@jest/globals';
import { atLeast } from '../../simulator/releases';
import { Caller, simulatedSite } from './simulated-site';
import type { Fields, SimulatedSite } from './simulated-site';

const APPLIANCE = '1c266316-503d-451d-9392-9585a6fcba41';

describe('releases', () => {
  test('are compared by their numbers', () => {
    expect(
      ['4.19.3.0', '4.20.0.0', '4.9.0.0', '4.100.0.0', '5.0.0.0'].map((version) => atLeast(version, '4.20')),
    ).toEqual([false, true, false, true, true]);
    expect(['4.22.0.0', '4.22.1.0', '4.23.0.0'].map((version) => atLeast(version, '4.22.1'))).toEqual([
      false,
      true,
      true,
    ]);
  });
});

describe('what a release does', () => {
  let site: SimulatedSite;
  afterEach(async () => {
    await site.close();
  });

  const startAs = async (version: string): Promise<void> => {
    site = await simulatedSite();
    await site.control('POST', '/modes', { version });
  };
  const userIdOf = async (caller: Caller): Promise<string> => {
    const { content } = await caller.call('listUsers');
    return (content['user'] as { id: string }[])[0]?.id ?? '';
  };
  /** A VM that is neither running nor stopped, by a stop that takes its time. */
  const attachWhileStopping = async (): Promise<string | undefined> => {
    const id = await site.newVolume('waiting');
    await site.fault({ kind: 'delay', command: 'stopVirtualMachine', where: 'work', ms: 600 });
    const stopping = site.admin.run('stopVirtualMachine', { id: APPLIANCE });
    for (;;) {
      const { content } = await site.admin.call('listVirtualMachines', { id: APPLIANCE });
      if ((content['virtualmachine'] as { state: string }[])[0]?.state === 'Stopping') break;
    }
    const job = await site.admin.run('attachVolume', { id, virtualmachineid: APPLIANCE });
    await stopping;
    return job.jobresult?.errortext;
  };

  test.each([
    ['4.18.2.5', 'Please specify a VM that is either running or stopped.'],
    ['4.22.1.0', 'Please specify a VM that is either running or stopped.'],
    ['4.23.0.0', 'Please specify a VM that is on of the following states: [Running, Stopped].'],
  ])('%s: attach to a VM in a wrong state: %s', async (version, text) => {
    await startAs(version);
    expect(await attachWhileStopping()).toBe(text);
  });

  test.each([
    ['4.19.3.0', 'Unable to attach volume to VM appliance-qc/', 'please specify a VM that does not have VM snapshots'],
    [
      '4.20.1.0',
      'Unable to attach volume to Instance appliance-qc/',
      'please specify an Instance that does not have Instance Snapshots',
    ],
  ])('%s: attach to a VM with snapshots: %s', async (version, begin, end) => {
    await startAs(version);
    const id = await site.newVolume('late');
    const [there, snapshot] = [await site.newVolume('there'), { virtualmachineid: APPLIANCE }];
    await site.admin.run('attachVolume', { id: there, virtualmachineid: APPLIANCE });
    await site.admin.run('stopVirtualMachine', { id: APPLIANCE });
    expect((await site.admin.run('createVMSnapshot', snapshot)).jobstatus).toBe(1);
    const attach = await site.admin.run('attachVolume', { id, virtualmachineid: APPLIANCE });
    expect(attach.jobresult?.errortext).toBe(`${begin}${APPLIANCE}, ${end}`);
    const detach = await site.admin.run('detachVolume', { id: there });
    expect(detach.jobresult?.errortext).toBe(`Unable to detach volume, ${end}`);
  });

  test.each(['4.18.2.5', '4.20.1.0', '4.23.0.0'])('%s is what listCapabilities and XML tell', async (version) => {
    await startAs(version);
    expect((await site.admin.call('listCapabilities')).content['capability']).toMatchObject({
      cloudstackversion: version,
    });
    expect((await site.admin.send({ command: 'listZones' })).text).toContain(`cloud-stack-version="${version}"`);
  });

  test('4.20 has no POST enforcement, 4.21 has', async () => {
    await startAs('4.20.2.0');
    await site.control('POST', '/modes', { enforcePostAndTimestamps: true });
    expect((await site.admin.call('listZones')).status).toBe(200);
    await site.control('POST', '/modes', { version: '4.21.0.0' });
    expect((await site.admin.call('listZones')).status).toBe(401);
  });

  test('4.19 reads over delete protection, 4.20 knows it', async () => {
    await startAs('4.19.3.0');
    const id = await site.newVolume('protected');
    await site.admin.run('updateVolume', { id, deleteprotection: 'true' });
    expect(await site.admin.volume(id)).not.toHaveProperty('deleteprotection');
    await site.control('POST', '/modes', { version: '4.20.2.0' });
    expect(await site.admin.volume(id)).toMatchObject({ deleteprotection: false });
    await site.admin.run('updateVolume', { id, deleteprotection: 'true' });
    expect((await site.admin.call('deleteVolume', { id })).status).toBe(431);
  });

  test('4.22.0 asks for a job by its id alone; 4.22.1 also finds the latest of a resource', async () => {
    await startAs('4.22.0.0');
    const id = await site.newVolume('tracked');
    const ofVolume: Fields = { resourceid: id, resourcetype: 'Volume' };
    expect((await site.admin.call('queryAsyncJobResult', ofVolume)).content.errortext).toBe(
      'Unable to execute API command queryasyncjobresult due to missing parameter jobid',
    );
    await site.control('POST', '/modes', { version: '4.22.1.0' });
    await site.admin.run('attachVolume', { id, virtualmachineid: APPLIANCE });
    const { content } = await site.admin.call('queryAsyncJobResult', ofVolume);
    expect(content).toMatchObject({ jobinstanceid: id, jobstatus: 1, cmd: expect.stringContaining('AttachVolume') });
    expect((await site.admin.call('queryAsyncJobResult', { resourceid: 'nothing' })).status).toBe(431);
  });

  test('listAsyncJobs shows pending jobs alone, from 4.22.1 on those of one resource', async () => {
    await startAs('4.22.1.0');
    const [one, two] = [await site.newVolume('one'), await site.newVolume('two')];
    await site.fault({ kind: 'hold', command: 'attachVolume', times: 2 });
    for (const id of [one, two]) await site.admin.call('attachVolume', { id, virtualmachineid: APPLIANCE }, 'POST');
    const jobs = async (more: Fields = {}): Promise<unknown[]> =>
      ((await site.admin.call('listAsyncJobs', more)).content['asyncjobs'] as unknown[] | undefined) ?? [];
    expect(await jobs()).toMatchObject([{ jobstatus: 0 }, { jobstatus: 0 }]);
    expect(await jobs({ resourceid: one })).toMatchObject([{ jobinstanceid: one, jobinstancetype: 'Volume' }]);
    await site.control('POST', '/modes', { version: '4.22.0.0' });
    expect(await jobs({ resourceid: one })).toHaveLength(2);
    await site.control('DELETE', '/faults');
  });

  test('registerUserKeys: at once up to 4.22, by a job from 4.23 on; the keys before are worth nothing', async () => {
    await startAs('4.22.1.0');
    const id = await userIdOf(site.user);
    const old = site.user.account;
    const keys = (await site.user.call('registerUserKeys', { id }, 'POST')).content['userkeys'] as Fields;
    expect((await site.user.call('listZones')).status).toBe(401);
    const renewed = new Caller(site.simulator.endpoint, {
      ...old,
      apiKey: keys['apikey'] ?? '',
      secretKey: keys['secretkey'] ?? '',
    });
    expect((await renewed.call('getUserKeys', { id })).content).toEqual({ userkeys: keys });
    await site.control('POST', '/modes', { version: '4.23.0.0' });
    const { status, content } = await renewed.call('registerUserKeys', { id }, 'POST');
    expect([status, Object.keys(content)]).toEqual([200, ['jobid']]);
    const job = await site.admin.job(content.jobid);
    expect(job.jobresult).toMatchObject({ userkeys: { userid: id, apikey: expect.any(String) } });
    expect((await renewed.call('listZones')).status).toBe(401);
  });

  test('keys of another user are not for normal users', async () => {
    await startAs('4.22.1.0');
    const id = await userIdOf(site.admin);
    expect((await site.user.call('getUserKeys', { id })).status).toBe(531);
    expect((await site.user.call('registerUserKeys', { id: 'nobody' })).status).toBe(431);
  });
});
