import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { signatureOf } from '../../simulator/auth';
import { sign, simulatedSite } from './simulated-site';
import type { SimulatedSite } from './simulated-site';

/** The documentation's public example pair, and what Java made of it (CloudStack reference §1.2). */
const KEY = 'plgWJfZK4gyS3mOMTVmjUVg-X-jlWlnfaUJ9GAbBbf9EdM-kAYMmAiLqzzq1ElZLYq_u38zCm0bewzGUdP66mg';
const SECRET = 'VDaACYb0LV9eNjTetIOElcVQkvJck_J_QljX_FcHRj87ZKiy0z0ty0ZsYBkoXkY9b7eq1EhwJaw7FF3akA3KBQ';

describe('signatures', () => {
  test.each<[Record<string, string>, string]>([
    [{ command: 'listUsers' }, 'TTpdDq/7j/J58XCRHomKoQXEQds='],
    [{ command: 'createVolume', name: "Disk A+B (1)*~!'", zoneid: 'Z1', size: '20' }, 'x3FXnp5z3BaAuHovBro7+pzuFOs='],
    [
      {
        command: 'createTags',
        resourcetype: 'Volume',
        resourceids: 'v1,v2',
        'tags[0].key': 'mig:run/id',
        'tags[0].value': 'é€ 1',
      },
      'eS4bN+ddAmTyL4C9JQcBEEuek9A=',
    ],
    [
      { command: 'listVolumes', signatureVersion: '3', expires: '2030-01-01T00:00:00+0000', listall: 'true', name: '' },
      '2mZMDd669uNsSCQ8dxfVDXkD8bk=',
    ],
  ])('%j', (parameters, signature) => {
    const all = new Map(Object.entries({ ...parameters, response: 'json', apiKey: KEY, signature: 'not signed' }));
    expect(signatureOf(all, SECRET)).toBe(signature);
  });
});

describe('what is refused', () => {
  let site: SimulatedSite;
  beforeAll(async () => {
    site = await simulatedSite();
  });
  afterAll(async () => {
    await site.close();
  });

  test('a value with ~ signed as other clients do, which leave it raw', async () => {
    const { admin, simulator } = site;
    const parameters = { apikey: admin.account.apiKey, command: 'listVolumes', name: 'a~b', response: 'json' };
    expect((await admin.send(parameters)).status).toBe(200);
    const text = `apikey=${admin.account.apiKey}&command=listVolumes&name=a~b&response=json`.toLowerCase();
    const signature = createHmac('sha1', admin.account.secretKey).update(text).digest('base64');
    const form = new URLSearchParams({ ...parameters, signature });
    expect((await fetch(`${simulator.endpoint}?${form.toString()}`)).status).toBe(401);
  });

  test('the same 401 whatever was wrong, by GET and by POST', async () => {
    const { admin } = site;
    for (const method of ['GET', 'POST'] as const) {
      const badSecret = await admin.send({ command: 'listZones', response: 'json' }, method, 'wrong');
      const badKey = await admin.send({ command: 'listZones', response: 'json', apikey: 'nobody' }, method);
      expect(badKey.text).toBe(badSecret.text);
      expect(badSecret).toMatchObject({
        status: 401,
        key: 'listzonesresponse',
        content: { errorcode: 401, errortext: 'unable to verify user credentials and/or request signature' },
      });
      expect(badSecret.content).not.toHaveProperty('cserrorcode');
    }
  });

  test('a parameter changed after it was signed', async () => {
    const { admin, simulator } = site;
    const signed = new URLSearchParams({ apikey: admin.account.apiKey, command: 'listVolumes', name: 'a' });
    signed.set('signature', sign(Object.fromEntries(signed), admin.account.secretKey));
    expect((await fetch(`${simulator.endpoint}?${signed.toString()}`)).status).toBe(200);
    signed.set('name', 'b');
    expect((await fetch(`${simulator.endpoint}?${signed.toString()}`)).status).toBe(401);
  });

  test('parameters of query and form are one request', async () => {
    const { admin, simulator } = site;
    const all = { apikey: admin.account.apiKey, command: 'listZones', response: 'json', name: 'QC' };
    const form = new URLSearchParams({ name: 'QC', signature: sign(all, admin.account.secretKey) });
    const query = new URLSearchParams({ apikey: all.apikey, command: all.command, response: all.response });
    const response = await fetch(`${simulator.endpoint}?${query.toString()}`, { method: 'POST', body: form });
    expect(await response.json()).toMatchObject({ listzonesresponse: { count: 1 } });
  });

  test('other addresses than loopback to listen on', async () => {
    await expect(simulatedSite({ listen: { host: '0.0.0.0', port: 0 } })).rejects.toThrow(/loopback/);
  });
});
