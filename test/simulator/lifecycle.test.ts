import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../support/until';
import { simulatedSite } from './simulated-site';
import type { SimulatedSite } from './simulated-site';

const APPLIANCE = '1c266316-503d-451d-9392-9585a6fcba41';

describe('the life of a volume', () => {
  let site: SimulatedSite;
  beforeAll(async () => {
    site = await simulatedSite();
  });
  afterAll(async () => {
    await site.close();
  });
  const guest = (vm: string, ...parts: string[]): string => join(site.simulator.stateDirectory, 'guests', vm, ...parts);

  test('create, attach, look, detach, delete, each a second time', async () => {
    const { admin } = site;
    const id = await site.newVolume('life-1', { size: '10' });
    expect(await admin.volume(id)).toMatchObject({ state: 'Allocated', size: 10 * 1024 ** 3, type: 'DATADISK' });
    expect(existsSync(join(site.simulator.stateDirectory, 'volumes', `${id}.raw`))).toBe(false);

    const attach = { id, virtualmachineid: APPLIANCE };
    expect((await admin.run('attachVolume', attach)).jobresult?.volume).toMatchObject({
      deviceid: 1,
      virtualmachineid: APPLIANCE,
      state: 'Ready',
      jobstatus: 0,
    });
    expect(await admin.run('attachVolume', attach)).toMatchObject({
      jobstatus: 2,
      jobresultcode: 431,
      jobresult: { errorcode: 431, errortext: 'Please specify a volume that is not attached to any VM.' },
    });
    expect((await admin.call('deleteVolume', { id })).content).toMatchObject({ errorcode: 431, cserrorcode: 4350 });

    expect((await admin.run('detachVolume', { id })).jobstatus).toBe(1);
    expect(await admin.volume(id)).not.toHaveProperty('virtualmachineid');
    expect(await admin.run('detachVolume', { id })).toMatchObject({
      jobresultcode: 431,
      jobresult: { errortext: 'The specified volume is not attached to a VM.' },
    });

    expect((await admin.call('deleteVolume', { id })).content).toEqual({ success: true });
    expect(existsSync(join(site.simulator.stateDirectory, 'volumes', `${id}.raw`))).toBe(false);
    const again = await admin.call('deleteVolume', { id });
    expect(again.content).toMatchObject({ errorcode: 431, cserrorcode: 4350 });
    expect(again.content.errortext).toMatch(/^Unable to find UUID for id \[\d+\] of type \[Volume\]$/);
    expect(await admin.call('listVolumes', { id })).toMatchObject({ status: 200, text: '{"listvolumesresponse":{}}' });
  });

  test.each([
    ['virtio', APPLIANCE, 'virtio-', 'vd'],
    ['virtio-scsi', '7d0f4a52-6c1e-4f0b-8a55-2b1f3c9e6d42', 'scsi-0QEMU_QEMU_HARDDISK_', 'sd'],
  ])('a guest shows its disks as a kernel does (%s)', async (bus, vm, prefix, kernelPrefix) => {
    const { admin } = site;
    const ids = [await site.newVolume('shown-a'), await site.newVolume('shown-b', { size: '3' })];
    for (const id of ids) await admin.run('attachVolume', { id, virtualmachineid: vm });
    for (const [index, id] of ids.entries()) {
      const serial = id.replaceAll('-', '').slice(0, 20);
      const link = guest(vm, 'by-id', `${prefix}${serial}`);
      await until(() => existsSync(link));
      const [, , name = ''] = readlinkSync(link).split('/');
      expect(readlinkSync(link)).toBe(`../dev/${name}`);
      expect(name.startsWith(kernelPrefix)).toBe(true);
      const deviceId = (await admin.volume(id))?.deviceid ?? 0;
      expect(name).not.toBe(`${kernelPrefix}${String.fromCharCode(97 + deviceId)}`);
      expect(realpathSync(link)).toBe(realpathSync(join(site.simulator.stateDirectory, 'volumes', `${id}.raw`)));
      const bytes = [1, 3][index] ?? 0;
      expect(statSync(link).size).toBe(bytes * 1024 ** 3);
      expect(readFileSync(guest(vm, 'sys-block', name, 'size'), 'utf8')).toBe(`${String((bytes * 1024 ** 3) / 512)}\n`);
      if (bus === 'virtio') expect(readFileSync(guest(vm, 'sys-block', name, 'serial'), 'utf8')).toBe(serial);
      else {
        expect(existsSync(guest(vm, 'sys-block', name, 'serial'))).toBe(false);
        const page = readFileSync(guest(vm, 'sys-block', name, 'device', 'vpd_pg80'));
        expect([...page.subarray(0, 4)]).toEqual([0x00, 0x80, 0x00, 0x14]);
        expect(page.subarray(4).toString()).toBe(serial);
      }
    }
    for (const id of ids) await admin.run('detachVolume', { id });
    for (const folder of ['by-id', 'sys-block', 'dev']) expect(readdirSync(guest(vm, folder))).toEqual([]);
  });

  test('tags are unique per key and OR-ed in a listing', async () => {
    const { admin } = site;
    const [a, b] = [await site.newVolume('tag-a'), await site.newVolume('tag-b')];
    const tag = (id: string, key: string) => ({
      resourcetype: 'Volume',
      resourceids: id,
      'tags[0].key': key,
      'tags[0].value': 'é€ 1/~',
    });
    expect(await admin.run('createTags', tag(a, 'k1'))).toMatchObject({ jobstatus: 1, jobresult: { success: true } });
    await admin.run('createTags', tag(b, 'k2'));
    expect((await admin.run('createTags', tag(a, 'k1'))).jobresult?.errortext).toBe(
      `tag k1 already on Volume with id ${a}`,
    );
    const both = { 'tags[0].key': 'k1', 'tags[0].value': 'é€ 1/~', 'tags[1].key': 'k2', 'tags[1].value': 'é€ 1/~' };
    expect((await admin.volumes(both)).map((volume) => volume.id)).toEqual([a, b]);
    expect((await admin.volume(a))?.tags).toMatchObject([{ key: 'k1', value: 'é€ 1/~', resourcetype: 'Volume' }]);
    expect((await admin.call('listTags', { resourceid: a })).content['tag']).toMatchObject([{ key: 'k1' }]);
    expect((await admin.run('deleteTags', tag(a, 'k1'))).jobstatus).toBe(1);
    expect((await admin.run('deleteTags', tag(a, 'k1'))).jobresult?.errortext).toBe('Failed to delete tags');
  });

  test('protection from deletion comes after "attached" and goes when taken off', async () => {
    const { admin } = site;
    const id = await site.newVolume('protected');
    await admin.run('updateVolume', { id, deleteprotection: 'true' });
    const refused = `Volume [id = ${id}, name = protected] has delete protection enabled and cannot be deleted.`;
    expect((await admin.call('deleteVolume', { id })).content.errortext).toBe(refused);
    await admin.run('attachVolume', { id, virtualmachineid: APPLIANCE });
    expect((await admin.call('deleteVolume', { id })).content.errortext).toMatch(/not attached to any VM/);
    await admin.run('detachVolume', { id });
    expect(await admin.run('destroyVolume', { id, expunge: 'true' })).toMatchObject({
      jobresultcode: 431,
      jobresult: { errortext: refused },
    });
    await admin.run('updateVolume', { id, deleteprotection: 'false' });
    expect((await admin.call('deleteVolume', { id })).content).toEqual({ success: true });
  });

  test('destroy and recover, grow and not shrink', async () => {
    const { admin } = site;
    const id = await site.newVolume('resized');
    await admin.run('attachVolume', { id, virtualmachineid: APPLIANCE });
    expect((await admin.run('resizeVolume', { id, size: '2' })).jobresult?.volume?.size).toBe(2 * 1024 ** 3);
    expect(statSync(join(site.simulator.stateDirectory, 'volumes', `${id}.raw`)).size).toBe(2 * 1024 ** 3);
    expect((await admin.run('resizeVolume', { id, size: '1' })).jobresult?.errortext).toMatch(
      /would shrink the volume/,
    );
    await admin.run('detachVolume', { id });
    expect((await admin.run('destroyVolume', { id })).jobstatus).toBe(1);
    expect((await admin.volume(id))?.state).toBe('Destroy');
    expect((await admin.call('recoverVolume', { id })).status).toBe(200);
    expect((await admin.volume(id))?.state).toBe('Ready');
  });
});
