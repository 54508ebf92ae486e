import { statSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { simulatedSite } from './simulated-site';
import type { SimulatedSite } from './simulated-site';
import { read, snapshot, snapshots, storedVolume, succeeded, volumeFile, write } from './snapshot-calls';

const APPLIANCE = '1c266316-503d-451d-9392-9585a6fcba41';
const USERS_APPLIANCE = 'b94e5a0c-2f3d-4d6e-9a7b-5c8d1e0f2a43';
const GIB = 1024 ** 3;

let site: SimulatedSite;
beforeAll(async () => {
  site = await simulatedSite();
});
afterAll(() => site.close());
afterEach(() => site.control('DELETE', '/faults'));

describe('resizeVolume (reference §2.4, §7)', () => {
  test('larger while attached, with its data; smaller only with shrinkok', async () => {
    const { admin } = site;
    const id = await storedVolume(site, 'grown', APPLIANCE, true);
    write(site, id, 'data');
    expect((await admin.run('resizeVolume', { id, size: '3' })).jobresult?.volume).toMatchObject({
      ...{ size: 3 * GIB, state: 'Ready', virtualmachineid: APPLIANCE },
    });
    expect(read(site, id, 4)).toBe('data');
    expect(await admin.run('resizeVolume', { id, size: '2' })).toMatchObject({
      jobresultcode: 431,
      jobresult: {
        errortext:
          `Going from existing size of ${String(3 * GIB)} to size of ${String(2 * GIB)} would shrink the volume.` +
          'Need to sign off by supplying the shrinkok parameter with value of true.',
      },
    });
    succeeded(await admin.run('resizeVolume', { id, size: '2', shrinkok: 'true' }));
    expect(statSync(volumeFile(site, id)).size).toBe(2 * GIB);
  });

  test('an Allocated volume is resized in the database alone; a destroyed one is not', async () => {
    const { admin } = site;
    const allocated = await site.newVolume('allocated');
    expect((await admin.run('resizeVolume', { id: allocated, size: '2' })).jobresult?.volume).toMatchObject({
      ...{ state: 'Allocated', size: 2 * GIB },
    });
    const id = await storedVolume(site, 'destroyed', APPLIANCE);
    succeeded(await admin.run('destroyVolume', { id }));
    expect((await admin.run('resizeVolume', { id, size: '2' })).jobresult?.errortext).toBe(
      `Volume should be in ready or allocated state before attempting a resize. Volume ${id} is in state Destroy.`,
    );
  });

  test('to another offering: its size, or a custom one that must be given', async () => {
    const { admin } = site;
    const id = await storedVolume(site, 'offered', APPLIANCE);
    const fixed = { id, diskofferingid: site.fixedOffering };
    expect((await admin.run('resizeVolume', { ...fixed, size: '9' })).jobresult?.errortext).toBe(
      'You cannot pass in a custom disk size to a non-custom disk offering.',
    );
    expect((await admin.run('resizeVolume', fixed)).jobresult?.volume).toMatchObject({
      ...{ size: 5 * GIB, diskofferingid: site.fixedOffering },
    });
    const custom = { id, diskofferingid: site.customOffering };
    expect((await admin.run('resizeVolume', custom)).jobresult?.errortext).toBe(
      'The new disk offering requires that a size be specified.',
    );
  });

  test('a storage that refuses leaves size and state as they were', async () => {
    const { admin } = site;
    const id = await storedVolume(site, 'stays', APPLIANCE);
    await site.fault({ kind: 'fail-job', command: 'resizeVolume', volumeId: id, text: 'no space' });
    expect((await admin.run('resizeVolume', { id, size: '2' })).jobresult?.errortext).toBe('no space');
    expect(await admin.volume(id)).toMatchObject({ size: GIB, state: 'Ready' });
  });
});

describe('tags (reference §2.1, §7)', () => {
  const tag = (resourcetype: string, resourceids: string, key: string, value = 'v') => ({
    ...{ resourcetype, resourceids, 'tags[0].key': key, 'tags[0].value': value },
  });

  test.each(['Volume', 'UserVm', 'Snapshot'])('of a %s: made, listed, refused twice, deleted once', async (type) => {
    const { admin } = site;
    const volume = await storedVolume(site, `tagged-${type}`, APPLIANCE);
    const id = { Volume: volume, UserVm: APPLIANCE, Snapshot: await snapshot(site, volume) }[type] ?? '';
    succeeded(await admin.run('createTags', tag(type.toLowerCase(), id, 'run')));
    expect((await admin.run('createTags', tag(type, id, 'run'))).jobresult).toEqual({
      errorcode: 530,
      errortext: `tag run already on ${type} with id ${id}`,
    });
    const listed = await admin.call('listTags', { resourcetype: type, resourceid: id });
    expect(listed.content['tag']).toMatchObject([{ key: 'run', value: 'v', resourcetype: type, resourceid: id }]);
    // Only with its own value, where one is given.
    expect((await admin.run('deleteTags', tag(type, id, 'run', 'other'))).jobresult?.errortext).toBe(
      'Failed to delete tags',
    );
    succeeded(await admin.run('deleteTags', tag(type, id, 'run')));
    expect((await admin.run('deleteTags', tag(type, id, 'run'))).jobresult?.errortext).toBe('Failed to delete tags');
  });

  test('several at once are made all or none', async () => {
    const { admin } = site;
    const [a, b] = [await site.newVolume('a'), await site.newVolume('b')];
    succeeded(await admin.run('createTags', tag('Volume', b, 'k')));
    expect((await admin.run('createTags', tag('Volume', `${a},${b}`, 'k'))).jobstatus).toBe(2);
    expect((await admin.volume(a))?.tags).toEqual([]);
  });

  test('a type or resource that is not there, or another account’s, is refused in the job: ids are plain texts there', async () => {
    const { admin, user } = site;
    const gone = await site.newVolume('gone');
    await admin.call('deleteVolume', { id: gone });
    expect((await admin.run('createTags', tag('Volume', gone, 'k'))).jobresult).toEqual({
      errorcode: 431,
      errortext: `Unable to find resource by id ${gone} and type Volume`,
    });
    expect((await admin.run('createTags', tag('Moon', gone, 'k'))).jobresult?.errortext).toBe(
      'Invalid resource type: Moon',
    );
    const foreign = await site.newVolume('foreign');
    expect((await user.run('createTags', tag('Volume', foreign, 'k'))).jobresultcode).toBe(530);
  });

  test('tags of a snapshot go with it', async () => {
    const { admin } = site;
    const volume = await storedVolume(site, 'with-tags', APPLIANCE);
    const taken = await snapshot(site, volume, { 'tags[0].key': 'k', 'tags[0].value': 'v' });
    expect((await snapshots(admin, { id: taken }))[0]?.tags).toMatchObject([{ key: 'k', resourcetype: 'Snapshot' }]);
    succeeded(await admin.run('deleteSnapshot', { id: taken }));
    expect((await admin.call('listTags', { resourceid: taken })).content).toEqual({});
  });
});

describe('destroyVolume and recoverVolume (reference §2.4)', () => {
  test('an Allocated volume can only be expunged', async () => {
    const id = await site.newVolume('allocated');
    expect(await site.admin.run('destroyVolume', { id })).toMatchObject({
      jobresultcode: 431,
      jobresult: { errortext: 'The volume in Allocated/Uploaded state can only be expunged not destroyed/recovered' },
    });
    succeeded(await site.admin.run('destroyVolume', { id, expunge: 'true' }));
    expect(await site.admin.volumes({ id })).toEqual([]);
  });

  test('allow.user.expunge.recover.volume=false: users may destroy and delete, not expunge a destroyed one or recover it', async () => {
    const { user } = site;
    const { content } = await user.call('createVolume', {
      ...{ name: 'mine', size: '1', zoneid: site.zone, diskofferingid: site.customOffering },
    });
    const id = content.id ?? '';
    succeeded(await user.job(content.jobid));
    succeeded(await user.run('attachVolume', { id, virtualmachineid: USERS_APPLIANCE }));
    succeeded(await user.run('detachVolume', { id }));
    await site.control('POST', '/modes', { allowUserExpungeRecoverVolume: false });
    try {
      expect((await user.run('destroyVolume', { id, expunge: 'true' })).jobresult).toEqual({
        errorcode: 530,
        errortext:
          'Expunging a volume can only be done by an Admin. Or when the allow.user.expunge.recover.volume key is set.',
      });
      succeeded(await user.run('destroyVolume', { id }));
      expect((await user.call('recoverVolume', { id })).content).toMatchObject({ errorcode: 531, cserrorcode: 4365 });
      expect((await user.call('listCapabilities')).content['capability']).toMatchObject({
        allowuserexpungerecovervolume: false,
      });
    } finally {
      await site.control('POST', '/modes', { allowUserExpungeRecoverVolume: true });
    }
    expect((await user.call('recoverVolume', { id })).status).toBe(200);
    expect((await user.call('deleteVolume', { id })).content.success).toBe(true);
  });
});
