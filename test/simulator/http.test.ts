import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sign, simulatedSite } from './simulated-site';
import type { Fields, SimulatedSite } from './simulated-site';

describe('what HTTP itself allows', () => {
  let site: SimulatedSite;
  beforeAll(async () => {
    site = await simulatedSite();
  });
  afterAll(async () => {
    await site.close();
  });

  const signed = (parameters: Fields): Fields => {
    const { apiKey, secretKey } = site.admin.account;
    const all = { apikey: apiKey, ...parameters };
    return { ...all, signature: sign(all, secretKey) };
  };
  const formOf = (parameters: Fields): string => new URLSearchParams(signed(parameters)).toString();

  test('XML is the default, of errors too', async () => {
    const zones = await site.admin.send({ command: 'listZones' });
    expect(zones.headers.get('content-type')).toBe('text/xml;charset=utf-8');
    expect(zones.text).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?><listzonesresponse cloud-stack-version="4/);
    const refused = await site.admin.send({ command: 'deleteVolume' });
    expect(refused.headers.get('content-type')).toBe('text/xml;charset=utf-8');
    expect(refused.text).toContain('<errorcode>431</errorcode>');
  });

  test('X-Description tells a refusal, the security headers are always there', async () => {
    const refused = await site.admin.call('deleteVolume');
    expect(refused.headers.get('x-description')).toBe(refused.content.errortext);
    for (const reply of [refused, await site.admin.call('listZones')]) {
      expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
      expect(reply.headers.get('x-xss-protection')).toBe('1;mode=block');
    }
  });

  test('a request line over 8 KiB: 414; headers over 8 KiB: 431; pages, not JSON', async () => {
    const { endpoint } = site.simulator;
    const long = await fetch(`${endpoint}?${formOf({ command: 'listZones', padding: 'x'.repeat(9_000) })}`);
    expect([long.status, long.headers.get('content-type')]).toEqual([414, 'text/html;charset=iso-8859-1']);
    const headers = await fetch(`${endpoint}?${formOf({ command: 'listZones' })}`, {
      headers: { 'x-padding': 'x'.repeat(9_000) },
    });
    expect(headers.status).toBe(431);
    const posted = await site.admin.call('listZones', { padding: 'x'.repeat(9_000) }, 'POST');
    expect(posted.status).toBe(200);
  });

  test.each([
    ['over 1 MiB', { padding: 'x'.repeat(1_100_000) }],
    ['of more than 5000 fields', Object.fromEntries(Array.from({ length: 5_001 }, (_, n) => [`f${String(n)}`, '1']))],
  ])('a form %s: 400, a page', async (_, more: Fields) => {
    const response = await fetch(site.simulator.endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: formOf({ command: 'listZones', ...more }),
    });
    expect([response.status, response.headers.get('content-type')]).toEqual([400, 'text/html;charset=iso-8859-1']);
  });

  test('of a repeated parameter the first counts, in the query before the form', async () => {
    const { endpoint } = site.simulator;
    const form = formOf({ command: 'listZones', response: 'json', name: 'QC' });
    const twice = (await (await fetch(`${endpoint}?${form}&name=other`)).json()) as object;
    expect(twice).toMatchObject({ listzonesresponse: { count: 1 } });
    const spread = await fetch(`${endpoint}?name=QC`, {
      method: 'POST',
      body: new URLSearchParams(`name=other&${form}`),
    });
    expect(await spread.json()).toMatchObject({ listzonesresponse: { count: 1 } });
  });

  test('names of parameters in any case, the name of the command in its own', async () => {
    const found = await site.admin.call('listVolumes', { NAME: 'nothing' });
    expect(found).toMatchObject({ status: 200, content: {} });
    expect((await site.admin.call('listvolumes')).status).toBe(401);
  });

  test('control characters are refused by name; line ends are not', async () => {
    const refused = await site.admin.call('listVolumes', { name: 'a\u0007b' });
    expect(refused).toMatchObject({
      status: 431,
      content: { errortext: 'Received value containing illegal ASCII non-printable characters for parameter name' },
    });
    expect((await site.admin.call('listVolumes', { name: 'a\r\nb' })).status).toBe(200);
  });

  test('a numeric id is none of ours; -1 passes through', async () => {
    const numeric = await site.admin.call('listVolumes', { zoneid: '1' });
    expect(numeric.content.errortext).toMatch(
      /^Unable to execute API command listvolumes due to invalid value\. Invalid parameter zoneid value=1 /,
    );
    expect((await site.admin.call('listVolumes', { zoneid: '-1' })).status).toBe(200);
  });

  test('other methods and other paths are refused without CloudStack', async () => {
    expect((await fetch(site.simulator.endpoint, { method: 'PUT', body: 'x' })).status).toBe(405);
    expect((await fetch(site.simulator.endpoint.replace('/api', '/console'))).status).toBe(404);
  });
});
