import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { simulatedSite } from './simulated-site';
import type { SimulatedSite } from './simulated-site';

describe('requests and answers that go wrong on the way', () => {
  let site: SimulatedSite;
  beforeEach(async () => {
    site = await simulatedSite();
  });
  afterEach(async () => {
    await site.close();
  });

  const create = (name: string) =>
    site.admin.call(
      'createVolume',
      { name, zoneid: site.zone, diskofferingid: site.customOffering, size: '1' },
      'POST',
    );
  const made = async (name: string): Promise<number> => (await site.admin.volumes({ name })).length;

  test('deliver-twice: two volumes, the caller learns of the second alone', async () => {
    await site.fault({ kind: 'deliver-twice', command: 'createVolume', ms: 20 });
    const { content } = await create('twin');
    const twins = await site.admin.volumes({ name: 'twin' });
    expect(twins).toHaveLength(2);
    expect(twins.map((twin) => twin.id)).toContain(content.id);
    const requests = (await site.control('GET', '/requests')) as { command: string }[];
    expect(requests.filter((each) => each.command === 'createVolume')).toHaveLength(2);
  });

  test('deliver-twice of a deleteVolume: it is gone, and the caller is told that it is not there', async () => {
    const id = await site.newVolume('doomed');
    await site.fault({ kind: 'deliver-twice', command: 'deleteVolume' });
    const { status, content } = await site.admin.call('deleteVolume', { id }, 'POST');
    expect([status, content.errortext]).toEqual([431, expect.stringMatching(/^Unable to find UUID for id \[\d+\]/)]);
    expect(await made('doomed')).toBe(0);
  });

  test('reset-body: the effect came, the connection is reset within the body', async () => {
    await site.fault({ kind: 'reset-body', command: 'createVolume' });
    await expect(create('cut')).rejects.toThrow();
    expect(await made('cut')).toBe(1);
  });

  test('empty-answer: the effect came, 200 without a body', async () => {
    await site.fault({ kind: 'empty-answer', command: 'createVolume' });
    expect(await create('silent')).toMatchObject({ status: 200, text: '' });
    expect(await made('silent')).toBe(1);
  });

  test('malformed-answer: the effect came, the JSON breaks off', async () => {
    await site.fault({ kind: 'malformed-answer', command: 'listZones' });
    await expect(site.admin.call('listZones')).rejects.toThrow(SyntaxError);
  });

  test.each([false, true])('html-503: a page of a proxy, the effect came: %s', async (effect) => {
    await site.fault({ kind: 'html-503', command: 'createVolume', effect });
    const reply = await create('behind');
    expect([reply.status, reply.headers.get('content-type')]).toEqual([503, 'text/html;charset=iso-8859-1']);
    expect(await made('behind')).toBe(effect ? 1 : 0);
  });

  test('redirect: elsewhere, nothing was done', async () => {
    await site.fault({ kind: 'redirect', command: 'listZones', location: `${site.simulator.controlEndpoint}/modes` });
    const reply = await site.admin.call('listZones');
    expect(JSON.parse(reply.text)).toHaveProperty('version');
    await site.fault({ kind: 'redirect', command: 'createVolume' });
    await expect(create('moved')).rejects.toThrow();
    expect(await made('moved')).toBe(0);
  });

  test('oversized-answer: 40 MB that still are well-formed', async () => {
    await site.fault({ kind: 'oversized-answer', command: 'listZones' });
    const reply = await site.admin.call('listZones');
    expect(reply.text.length).toBe(40_000_000);
    expect(reply.content.count).toBe(1);
  });

  test('too-many-requests: 429, the wait in the text alone, nothing done', async () => {
    await site.fault({ kind: 'too-many-requests', command: 'createVolume', retryMs: 731 });
    const reply = await create('limited');
    expect(reply).toMatchObject({
      status: 429,
      content: {
        errorcode: 429,
        errortext: 'The given user has reached his/her account api limit, please retry after [731] ms.',
      },
    });
    expect(reply.headers.get('retry-after')).toBeNull();
    expect(await made('limited')).toBe(0);
  });

  test('show-state: a state that nobody has heard of', async () => {
    const id = await site.newVolume('odd');
    await site.fault({ kind: 'show-state', command: 'listVolumes', state: 'Entangled' });
    expect(await site.admin.volume(id)).toMatchObject({ state: 'Entangled' });
    expect(await site.admin.volume(id)).toMatchObject({ state: 'Allocated' });
  });
});
