import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { PythonClient, type PythonSettings } from './other-clients/python-client';
import { simulatedSite, type SimulatedSite, type Volume } from './simulated-site';

// Clients that know nothing of this project sign and read for themselves: what they can do here they can do with a real server.

/** Whatever trips an encoder, but not `~`, which the clients cannot sign (below). */
const hardName = `Disk A+B (1)*!'é€/&=%25 "#?;:@<>[]{}|\\^\`,$-_. 日本 🙂 ÄÖ %zz`;

let site: SimulatedSite;
const running: PythonClient[] = [];
beforeAll(async () => {
  site = await simulatedSite();
});
afterEach(async () => {
  for (const client of running.splice(0)) await client.stop();
});
afterAll(async () => {
  await site.close();
});

function python(settings: Partial<PythonSettings> = {}): PythonClient {
  const { apiKey, secretKey } = site.admin.account;
  const client = PythonClient.start({
    endpoint: site.simulator.endpoint,
    key: apiKey,
    secret: secretKey,
    poll_interval: 0.02,
    ...settings,
  });
  running.push(client);
  return client;
}

describe.each(['get', 'post'] as const)('the Python client cs, by %s', (method) => {
  test('creates, attaches, lists, detaches and deletes a volume with a hard name, waiting for each job', async () => {
    const cs = python({ method, fetch_result: true });
    const name = `${hardName} ${method}`;
    const { volume: created } = await cs.call<{ volume: Volume }>('createVolume', {
      name,
      zoneid: site.zone,
      diskofferingid: site.customOffering,
      size: 2,
    });
    expect(created).toMatchObject({ name, state: 'Allocated', size: 2 * 1024 ** 3 });

    const machine = site.machines['appliance-qc'];
    const attached = await cs.call<{ volume: Volume }>('attachVolume', { id: created.id, virtualmachineid: machine });
    expect(attached.volume).toMatchObject({ id: created.id, name, virtualmachineid: machine });
    const tag = { key: 'mig:run/id [0].x', value: name };
    expect(await cs.call('createTags', { resourcetype: 'Volume', resourceids: [created.id], tags: [tag] })).toEqual({
      success: true,
    });

    const listed = await cs.call<{ count: number; volume: Volume[] }>('listVolumes', { name, listall: true });
    expect(listed).toMatchObject({ count: 1, volume: [{ id: created.id, state: 'Ready', virtualmachineid: machine }] });
    expect(listed.volume[0]?.tags).toEqual([expect.objectContaining(tag)]);

    await cs.call('detachVolume', { id: created.id });
    expect(await cs.call('deleteVolume', { id: created.id })).toEqual({ success: true });
    expect(await cs.call('listVolumes', { name, listall: true })).toEqual({});
  });

  test('is refused for a ~, which it leaves as it is where the server signs %7e; signed rightly it is taken', async () => {
    const cs = python({ method });
    const parameters = { name: `~${method}`, zoneid: site.zone, diskofferingid: site.customOffering, size: '1' };
    const refused = await cs.failure('createVolume', parameters);
    expect(refused).toEqual({
      kind: 'CloudStackApiException',
      status: 401,
      error: {
        uuidList: [],
        errorcode: 401,
        errortext: 'unable to verify user credentials and/or request signature',
      },
    });
    expect(await site.admin.volumes({ name: parameters.name })).toEqual([]);
    const reply = await site.admin.call('createVolume', parameters, method === 'get' ? 'GET' : 'POST');
    expect(reply.status).toBe(200);
  });
});

describe('the Python client cs', () => {
  test('signs every other printable character of ASCII as the server does', async () => {
    const cs = python();
    const refused: string[] = [];
    for (let code = 0x20; code <= 0x7e; code += 1) {
      const character = String.fromCharCode(code);
      const answer = await cs.answer('listVolumes', { name: `a${character}b` });
      if ('failure' in answer) refused.push(character);
    }
    expect(refused).toEqual(['~']);
  });

  test('walks through the pages of a list and gathers each volume once', async () => {
    const names = Array.from({ length: 5 }, (_, index) => `page-${String(index)}`);
    for (const name of names) await site.newVolume(name);
    const found = await python().call<Volume[]>('listVolumes', { keyword: 'page-', fetch_list: true, pagesize: 2 });
    expect(found.map(({ name }) => name).sort()).toEqual(names);
    expect(await python().call('listVolumes', { keyword: 'page-', page: 4, pagesize: 2 })).toEqual({ count: 5 });
    expect(await python().call('listVolumes', { name: 'nothing', fetch_list: true })).toEqual([]);
  });

  test('reads a failed job, and a job that it does not wait for', async () => {
    const cs = python();
    const id = await site.newVolume('failing');
    const failure = await cs.failure('detachVolume', { id, fetch_result: true });
    expect(failure).toEqual({
      kind: 'CloudStackApiException',
      status: 200,
      error: { errorcode: 431, errortext: 'The specified volume is not attached to a VM.' },
    });
    const { jobid } = await cs.call<{ jobid: string }>('attachVolume', {
      id,
      virtualmachineid: site.machines['appliance-qc'],
    });
    expect(await site.admin.job(jobid)).toMatchObject({ jobstatus: 1 });
  });

  test('reads a refusal of the call itself', async () => {
    expect(await python().failure('createVolume', { name: 'x', zoneid: site.zone, size: 1 })).toMatchObject({
      kind: 'CloudStackApiException',
      status: 431,
      error: { errorcode: 431, cserrorcode: 4350 },
    });
  });

  test.each([
    ['a wrong secret', { secret: 'wrong' }],
    ['no signature at all', { secret: '' }],
    ['the key of nobody', { key: 'nobody' }],
  ])('is refused with %s', async (_, settings) => {
    expect(await python(settings).failure('listZones')).toMatchObject({ status: 401 });
  });
});
