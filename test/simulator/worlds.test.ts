import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseForm } from '../../simulator/parameters';
import { startSimulator } from '../../simulator/start';
import { temporaryFolder } from '../support/temporary-folder';
import { simulatedSite } from './simulated-site';

const small = {
  name: 'small',
  version: '4.20.1.0',
  zone: { name: 'Z1' },
  template: { name: 'debian-12' },
  diskOfferings: [{ name: 'custom-disk' }, { name: 'fixed-5', sizeGib: 5 }],
  serviceOfferings: [{ name: 'tiny' }],
  networks: [{ name: 'net', account: 'admin' }],
  accounts: [
    { name: 'admin', role: 'admin', apiKey: 'a-chosen-key', secretKey: 'a-chosen-secret' },
    { name: 'other', role: 'user' },
  ],
  machines: [{ name: 'appliance', account: 'admin', nics: [{ macAddress: '02:00:00:00:00:01', network: 'net' }] }],
  customSizeGib: { max: 4096 },
};

describe('world files', () => {
  test('a world of its own: keys, limits and release as written', async () => {
    const folder = await temporaryFolder();
    try {
      const path = join(folder.path, 'world.json');
      writeFileSync(path, JSON.stringify(small));
      const site = await simulatedSite({ world: path });
      try {
        expect(site.admin.account).toEqual({
          name: 'admin',
          role: 'admin',
          apiKey: 'a-chosen-key',
          secretKey: 'a-chosen-secret',
        });
        expect((await site.admin.call('listCapabilities')).content['capability']).toMatchObject({
          cloudstackversion: '4.20.1.0',
          customdiskofferingmaxsize: 4096,
        });
        const id = await site.newVolume('large', { size: '2000' });
        expect((await site.admin.volume(id))?.size).toBe(2000 * 1024 ** 3);
      } finally {
        await site.close();
      }
    } finally {
      await folder.remove();
    }
  });

  test('a bad one is refused with the field', async () => {
    const folder = await temporaryFolder();
    try {
      const path = join(folder.path, 'world.json');
      writeFileSync(path, JSON.stringify({ ...small, zones: [] }));
      await expect(startSimulator({ world: path })).rejects.toThrow(/zones/);
      writeFileSync(path, '{');
      await expect(startSimulator({ world: path })).rejects.toThrow(/no JSON file/);
      await expect(startSimulator({ world: 'nowhere' })).rejects.toThrow(/none of default, demo/);
    } finally {
      await folder.remove();
    }
  });
});

describe('form text, read as the real servlet reads it', () => {
  test.each([
    ['a=b+c%2Bd', { a: 'b c+d' }],
    ['a=1&a=2', { a: '1' }],
    ['a&b=&=c', { b: '' }],
    ['name=%C3%A9%E2%82%AC', { name: 'é€' }],
    ['name=é%20%zz', { name: 'é %zz' }],
    ['name=%ff', { name: '\ufffd' }],
    ['tags%5B0%5D.key=k', { 'tags[0].key': 'k' }],
  ])('%s', (text, expected) => {
    const parameters = new Map<string, string>();
    parseForm(text, parameters);
    expect(Object.fromEntries(parameters)).toEqual(expected);
  });
});

describe('listings', () => {
  test('paging: both or none, 500 at most, count alone beyond the end', async () => {
    const site = await simulatedSite();
    try {
      for (const name of ['p1', 'p2', 'p3']) await site.newVolume(name);
      const page = async (number: string, size: string) =>
        (await site.admin.call('listVolumes', { type: 'DATADISK', page: number, pagesize: size })).content;
      expect((await page('1', '2')).volume?.map(({ name }) => name)).toEqual(['p2', 'p3']);
      expect((await page('2', '2')).volume?.map(({ name }) => name)).toEqual(['p1']);
      expect(await page('3', '2')).toEqual({ count: 3 });
      expect((await page('1', '501')).errortext).toMatch(/can't exceed max allowed page size value: 500/);
      expect((await site.admin.call('listVolumes', { pagesize: '5' })).content.errortext).toBe(
        '"page" parameter is required when "pagesize" is specified',
      );
    } finally {
      await site.close();
    }
  });

  test('keyword is LIKE, name is exact, type is LIKE, state is exact', async () => {
    const site = await simulatedSite();
    try {
      await site.newVolume('Web-1');
      await site.newVolume('Web-10');
      const names = async (filter: Record<string, string>) =>
        (await site.admin.volumes(filter)).map(({ name }) => name);
      expect(await names({ name: 'Web-1' })).toEqual(['Web-1']);
      expect(await names({ keyword: 'web-' })).toEqual(['Web-1', 'Web-10']);
      expect(await names({ type: 'DATA', state: 'Allocated' })).toEqual(['Web-1', 'Web-10']);
      expect(await names({ state: 'Alloc' })).toEqual([]);
    } finally {
      await site.close();
    }
  });
});
