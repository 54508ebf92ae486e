import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '../support/until';
import { simulatedSite } from './simulated-site';
import type { SimulatedSite } from './simulated-site';

const UNAUTHORIZED = 'unable to verify user credentials and/or request signature';

describe('modes of the server', () => {
  let site: SimulatedSite;
  beforeEach(async () => {
    site = await simulatedSite();
  });
  afterEach(async () => {
    await site.close();
  });

  const modes = (change: object): Promise<unknown> => site.control('POST', '/modes', change);
  const expiring = (inMs: number) =>
    site.admin.call('listZones', { signatureversion: '3', expires: new Date(Date.now() + inMs).toISOString() });

  test('request limit: per account, 429 with the wait in the text, root admin exempt, told by listCapabilities', async () => {
    await modes({ throttling: { max: 3, intervalSeconds: 2 } });
    for (let call = 0; call < 3; call += 1) expect((await site.user.call('listZones')).status).toBe(200);
    const refused = await site.user.call('listZones');
    const wait = /^The given user has reached his\/her account api limit, please retry after \[(\d+)\] ms\.$/.exec(
      refused.content.errortext ?? '',
    )?.[1];
    expect(refused).toMatchObject({ status: 429, content: { errorcode: 429, cserrorcode: 9999 } });
    expect(Number(wait)).toBeLessThanOrEqual(2_000);
    for (let call = 0; call < 6; call += 1) expect((await site.admin.call('listZones')).status).toBe(200);
    expect((await site.admin.call('listCapabilities')).content['capability']).toMatchObject({
      apilimitinterval: 2,
      apilimitmax: 3,
    });
    await until(async () => (await site.user.call('listZones')).status === 200);
    await modes({ throttling: { enabled: false } });
    expect((await site.admin.call('listCapabilities')).content['capability']).not.toHaveProperty('apilimitmax');
  });

  test('maintenance: asynchronous commands are refused with 503 and nothing is made, reads are answered', async () => {
    await modes({ maintenance: true });
    const refused = await site.admin.call('createVolume', {
      ...{ name: 'late', zoneid: site.zone, diskofferingid: site.customOffering, size: '1' },
    });
    expect(refused).toMatchObject({
      status: 503,
      key: 'createvolumeresponse',
      content: {
        errorcode: 503,
        errortext: 'Maintenance or Shutdown has been initiated on this management server. Can not accept new jobs',
      },
    });
    expect(await site.admin.volumes({ name: 'late' })).toEqual([]);
    expect((await site.admin.call('listZones')).status).toBe(200);
  });

  test('a clock ahead: requests have expired, dates and the Date header are of that clock', async () => {
    const ahead = 30 * 60_000;
    await modes({ clockOffsetMs: ahead, sendDate: true });
    expect((await expiring(10 * 60_000)).content.errortext).toBe(UNAUTHORIZED);
    const accepted = await expiring(40 * 60_000);
    expect(accepted.status).toBe(200);
    expect(Math.abs(Date.parse(accepted.headers.get('date') ?? '') - Date.now() - ahead)).toBeLessThan(3_000);
    const id = await site.newVolume('2026-01-01T00:00:00+0000');
    const [volume] = (await site.admin.call('listVolumes', { id })).content.volume as unknown as {
      name: string;
      created: string;
    }[];
    expect(volume?.name).toBe('2026-01-01T00:00:00+0000');
    expect(Math.abs(Date.parse(volume?.created ?? '') - Date.now() - ahead)).toBeLessThan(3_000);
  });

  test('a clock behind: what is enforced to be near lies too far ahead', async () => {
    await modes({ clockOffsetMs: -10 * 60_000, enforcePostAndTimestamps: true });
    expect((await expiring(10 * 60_000)).status).toBe(401);
    expect((await expiring(2 * 60_000)).status).toBe(200);
  });

  test('no Date header unless a proxy is acted', async () => {
    expect((await site.admin.call('listZones')).headers.get('date')).toBeNull();
    await modes({ sendDate: true });
    expect((await site.admin.call('listZones')).headers.get('date')).not.toBeNull();
  });

  test('modes are shown, unknown ones refused, and a reset takes them back', async () => {
    await modes({ maintenance: true, version: '4.20.2.0' });
    expect(await site.control('GET', '/modes')).toMatchObject({ maintenance: true, version: '4.20.2.0' });
    await expect(modes({ maintainance: true })).rejects.toThrow(/maintainance/);
    await site.control('POST', '/reset');
    expect(await site.control('GET', '/modes')).toMatchObject({ maintenance: false, version: '4.22.1.0' });
  });
});
