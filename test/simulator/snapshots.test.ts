import { existsSync, statSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { defaultWorld } from '../../simulator/worlds/default';
import { until } from '../support/until';
import { simulatedSite } from './simulated-site';
import type { SimulatedSite } from './simulated-site';
import {
  read,
  snapshot,
  snapshotFile,
  snapshots,
  storedVolume,
  succeeded,
  used,
  volumeFile,
  write,
} from './snapshot-calls';

const APPLIANCE = '1c266316-503d-451d-9392-9585a6fcba41';
const SECOND = '7d0f4a52-6c1e-4f0b-8a55-2b1f3c9e6d42';
const GIB = 1024 ** 3;

describe('snapshots of volumes (reference §7)', () => {
  let site: SimulatedSite;
  beforeAll(async () => {
    site = await simulatedSite();
  });
  afterAll(() => site.close());
  afterEach(() => site.control('DELETE', '/faults'));

  test('of an attached volume: it is Snapshotting meanwhile, BackedUp at the end, and in its VM’s queue', async () => {
    const { admin } = site;
    const id = await storedVolume(site, 'attached', APPLIANCE, true);
    const other = await site.newVolume('other');
    await site.fault({ kind: 'delay', command: 'createSnapshot', where: 'work', ms: 300 });
    const { content } = await admin.call('createSnapshot', { volumeid: id, name: 's1' });
    await until(async () => (await admin.volume(id))?.state === 'Snapshotting');
    expect((await snapshots(admin, { id: content.id ?? '' }))[0]).toMatchObject({ state: 'Creating', name: 's1' });
    // The VM's queue is taken: an attach to it waits.
    const attach = await admin.call('attachVolume', { id: other, virtualmachineid: APPLIANCE });
    expect(await admin.job(content.jobid)).toMatchObject({
      jobstatus: 1,
      jobresult: { snapshot: { state: 'BackedUp', snapshottype: 'MANUAL' } },
    });
    expect(await admin.job(attach.content.jobid)).toMatchObject({ jobstatus: 1 });
    expect((await admin.volume(id))?.state).toBe('Ready');
  });

  test('of a detached volume: the job succeeds while it is Allocated, it is BackedUp later', async () => {
    const { admin } = site;
    await site.control('POST', '/timings', { backupMs: 300 });
    try {
      const id = await storedVolume(site, 'detached', APPLIANCE);
      const job = await admin.run('createSnapshot', { volumeid: id });
      expect(job.jobresult).toMatchObject({ snapshot: { state: 'Allocated' } });
      const listed = async () => (await snapshots(admin, { volumeid: id }))[0];
      expect(await listed()).toMatchObject({ state: 'Allocated' });
      // Not before that can a volume be made of it.
      const early = await admin.call('createVolume', { snapshotid: job.jobinstanceid ?? '', zoneid: site.zone });
      expect(early.content.errortext).toMatch(/is not in BackedUp state yet and can't be used for volume creation/);
      await until(async () => (await listed())?.state === 'BackedUp');
    } finally {
      await site.control('POST', '/timings', { backupMs: 5 });
    }
  });

  test('a volume from it has the bytes of that moment, is Ready at once, and outlives the first volume', async () => {
    const { admin } = site;
    const id = await storedVolume(site, 'source', APPLIANCE, true);
    write(site, id, 'before', 700 * 1024 ** 2);
    const taken = await snapshot(site, id);
    write(site, id, 'after!', 700 * 1024 ** 2);
    succeeded(await admin.run('detachVolume', { id }));
    expect((await admin.call('deleteVolume', { id })).content.success).toBe(true);
    expect((await snapshots(admin, { id: taken }))[0]).toMatchObject({ state: 'BackedUp', volumestate: 'Expunged' });
    const { jobresult } = await admin.run('createVolume', { name: 'copy', snapshotid: taken, zoneid: site.zone });
    expect(jobresult?.volume).toMatchObject({ state: 'Ready', size: GIB, snapshotid: taken });
    expect(jobresult?.volume).not.toHaveProperty('virtualmachineid');
    const copy = jobresult?.volume?.id ?? '';
    expect(read(site, copy, 6, 700 * 1024 ** 2)).toBe('before');
    expect(used(volumeFile(site, copy))).toBeLessThan(10 * 1024 ** 2);
    const listed = await admin.volume(copy);
    expect(listed).not.toHaveProperty('snapshotid');
    expect(listed?.path).toMatch(/^[0-9a-f-]{36}$/);
    // It attaches like any other, with its data.
    succeeded(await admin.run('attachVolume', { id: copy, virtualmachineid: SECOND }));
    expect(read(site, copy, 6, 700 * 1024 ** 2)).toBe('before');
  });

  test('createVolume from a snapshot: customid, customjobid, attach to a VM, size and offering', async () => {
    const { admin } = site;
    const id = await storedVolume(site, 'origin', APPLIANCE);
    const taken = await snapshot(site, id);
    const customid = '00000000-0000-4000-8000-00000000a001';
    const customjobid = '00000000-0000-4000-8000-00000000a002';
    const more = { name: 'chosen', snapshotid: taken, zoneid: site.zone, customid, customjobid };
    const made = await admin.run('createVolume', { ...more, virtualmachineid: SECOND });
    expect(made).toMatchObject({ jobid: customjobid, jobstatus: 1, jobinstanceid: customid });
    expect(await admin.volume(customid)).toMatchObject({ virtualmachineid: SECOND, state: 'Ready' });
    expect((await admin.call('createVolume', more)).content.errortext).toMatch(/already exists/);
    // VolumeApiServiceImpl: without an offering the size is the snapshot's, whatever is asked for.
    const sized = await admin.run('createVolume', { name: 'sized', snapshotid: taken, size: '5' });
    expect(sized.jobresult?.volume?.size).toBe(GIB);
    const offered = { name: 'x', snapshotid: taken, diskofferingid: site.customOffering, size: '2' };
    expect((await admin.call('createVolume', offered)).content).toMatchObject({
      errorcode: 431,
      errortext:
        'Disk Offering ID cannot be passed whilst creating volume from snapshot other than ROOT disk snapshots',
    });
  });

  test('a volume from a root’s snapshot takes an offering, and is grown by a hole, not made smaller', async () => {
    const { admin } = site;
    const root = (await admin.volumes({ virtualmachineid: SECOND, type: 'ROOT' }))[0]?.id ?? '';
    const taken = await snapshot(site, root);
    const grown = { name: 'grown', snapshotid: taken, zoneid: site.zone, diskofferingid: site.customOffering };
    expect((await admin.call('createVolume', { ...grown, size: '1' })).content.errortext).toBe(
      'Invalid size for volume creation: 1GB, snapshot size is: 2GB',
    );
    const made = await admin.run('createVolume', { ...grown, size: '3' });
    expect(made.jobresult?.volume?.size).toBe(3 * GIB);
    expect(statSync(volumeFile(site, made.jobinstanceid ?? '')).size).toBe(3 * GIB);
  });

  test('revertSnapshot: not while the VM runs; stopped, the volume has bytes and size of before', async () => {
    const { admin } = site;
    const id = await storedVolume(site, 'reverted', APPLIANCE, true);
    write(site, id, 'old');
    const taken = await snapshot(site, id);
    write(site, id, 'new');
    succeeded(await admin.run('resizeVolume', { id, size: '2' }));
    expect(await admin.run('revertSnapshot', { id: taken })).toMatchObject({
      jobresultcode: 431,
      jobresult: { errortext: 'The Instance the specified disk is attached to is not in the shutdown state.' },
    });
    expect(read(site, id, 3)).toBe('new');
    succeeded(await admin.run('stopVirtualMachine', { id: APPLIANCE }));
    expect(await admin.run('revertSnapshot', { id: taken })).toMatchObject({ jobresult: { success: true } });
    expect(read(site, id, 3)).toBe('old');
    expect(await admin.volume(id)).toMatchObject({ size: GIB, state: 'Ready', virtualmachineid: APPLIANCE });
    succeeded(await admin.run('startVirtualMachine', { id: APPLIANCE }));
  });

  test('deleteSnapshot: its bytes go; deleted again the job fails', async () => {
    const { admin } = site;
    const id = await storedVolume(site, 'short', APPLIANCE);
    const taken = await snapshot(site, id);
    expect(existsSync(snapshotFile(site, taken))).toBe(true);
    expect(await admin.run('deleteSnapshot', { id: taken })).toMatchObject({ jobresult: { success: true } });
    expect(existsSync(snapshotFile(site, taken))).toBe(false);
    const again = await admin.run('deleteSnapshot', { id: taken });
    expect(again.jobresultcode).toBe(431);
    expect(again.jobresult?.errortext).toMatch(
      /^Snapshot \[Snapshot \{.*"state":"Destroyed".*\}\] is already destroyed$/,
    );
    expect(await snapshots(admin, { id: taken })).toEqual([]);
  });

  test('createSnapshot of an Allocated volume, twice with one customjobid, and its own name', async () => {
    const { admin } = site;
    const allocated = await site.newVolume('allocated');
    expect((await admin.call('createSnapshot', { volumeid: allocated })).content).toMatchObject({
      ...{ errorcode: 431, cserrorcode: 4350 },
      errortext: expect.stringMatching(/is not in Ready state but Allocated\. Cannot take snapshot\.$/),
    });
    const id = await storedVolume(site, 'named', APPLIANCE);
    const customjobid = '00000000-0000-4000-8000-00000000b001';
    await admin.run('createSnapshot', { volumeid: id, customjobid });
    // As with createVolume, the row is made before the job id is found to be used.
    expect((await admin.call('createSnapshot', { volumeid: id, customjobid })).status).toBe(530);
    const [first, second] = await snapshots(admin, { volumeid: id });
    expect(first?.name).toMatch(/^detached_named_\d{14}$/);
    expect(second?.state).toBe('Allocated');
  });

  test('listSnapshots by id, ids, name, keyword, types, tags, zone, scope and page', async () => {
    const { admin, user } = site;
    const id = await storedVolume(site, 'listed', APPLIANCE);
    const taken: string[] = [];
    for (const name of ['nightly-1', 'nightly-2', 'Weekly']) {
      taken.push(await snapshot(site, id, { name, 'tags[0].key': 'set', 'tags[0].value': name }));
    }
    const names = async (more: Record<string, string>) =>
      (await snapshots(admin, { volumeid: id, ...more })).map(({ name }) => name).sort();
    expect(await names({ name: 'nightly-1' })).toEqual(['nightly-1']);
    expect(await names({ name: 'nightly' })).toEqual([]);
    expect(await names({ keyword: 'NIGHT' })).toEqual(['nightly-1', 'nightly-2']);
    expect(await names({ ids: `${String(taken[0])},${String(taken[2])}` })).toEqual(['Weekly', 'nightly-1']);
    expect(await names({ snapshottype: 'manual' })).toHaveLength(3);
    expect(await names({ snapshottype: 'RECURRING' })).toEqual([]);
    expect(await names({ intervaltype: 'DAILY' })).toEqual([]);
    expect(await names({ zoneid: site.zone, listall: 'true' })).toHaveLength(3);
    // Several tags are OR-ed.
    const tags = { 'tags[0].key': 'set', 'tags[0].value': 'nightly-2', 'tags[1].key': 'set2', 'tags[1].value': 'x' };
    expect(await names(tags)).toEqual(['nightly-2']);
    expect(await names({ page: '1', pagesize: '2' })).toHaveLength(2);
    expect((await admin.call('listSnapshots', { volumeid: id, page: '3', pagesize: '2' })).content).toEqual({
      count: 3,
    });
    expect((await admin.call('listSnapshots', { snapshottype: 'SOMETIMES' })).content.errortext).toBe(
      'Unsupported snapshot type SOMETIMES',
    );
    expect((await user.call('listSnapshots', { listall: 'true' })).content).toEqual({});
    expect((await user.call('listSnapshots', { id: taken[0] ?? '' })).content).toEqual({});
    expect((await user.call('deleteSnapshot', { id: taken[0] ?? '' })).status).toBe(531);
    expect((await user.call('createSnapshot', { volumeid: id })).status).toBe(531);
  });

  test('while one is being taken: neither deleted, resized, nor snapshotted again on KVM (§2.4)', async () => {
    const { admin } = site;
    const id = await storedVolume(site, 'busy', APPLIANCE, true);
    const neighbour = await storedVolume(site, 'neighbour', APPLIANCE, true);
    await site.fault({ kind: 'delay', command: 'createSnapshot', where: 'work', ms: 400 });
    const { content } = await admin.call('createSnapshot', { volumeid: id });
    await until(async () => (await admin.volume(id))?.state === 'Snapshotting');
    expect((await admin.call('deleteVolume', { id })).content).toMatchObject({
      errorcode: 431,
      errortext: 'There are snapshot operations in progress on the volume, unable to delete it',
    });
    expect(await admin.run('resizeVolume', { id, size: '2' })).toMatchObject({
      jobresultcode: 530,
      jobresult: {
        errortext:
          'There is/are unbacked up snapshot(s) on this volume, resize volume is not permitted, please try again later.',
      },
    });
    expect((await admin.call('createSnapshot', { volumeid: neighbour })).content.errortext).toMatch(
      /other active snapshot tasks on the Instance to which the volume is attached/,
    );
    expect((await admin.call('createVMSnapshot', { virtualmachineid: APPLIANCE })).content.errortext).toBe(
      'There are other active volume Snapshot tasks on the Instance to which the volume is attached, please try again later.',
    );
    expect((await admin.job(content.jobid)).jobstatus).toBe(1);
  });

  test('a storage that refuses: the job fails, the volume is Ready, the snapshot in Error and without bytes', async () => {
    const { admin } = site;
    const id = await storedVolume(site, 'refused', APPLIANCE);
    await site.fault({ kind: 'fail-job', command: 'createSnapshot', volumeId: id, text: 'no space' });
    const job = await admin.run('createSnapshot', { volumeid: id });
    expect(job).toMatchObject({ jobstatus: 2, jobresultcode: 530 });
    expect(job.jobresult?.errortext).toBe(
      `Failed to create snapshot due to an internal error creating snapshot for volume ${id}; no space`,
    );
    expect((await admin.volume(id))?.state).toBe('Ready');
    const failed = job.jobinstanceid ?? '';
    expect((await snapshots(admin, { id: failed }))[0]?.state).toBe('Error');
    expect(existsSync(snapshotFile(site, failed))).toBe(false);
  });

  test('GET /world counts them', async () => {
    const id = await storedVolume(site, 'counted', APPLIANCE);
    const taken = await snapshot(site, id, { name: 'c1', 'tags[0].key': 'k', 'tags[0].value': 'v' });
    expect(await site.control('GET', '/world')).toMatchObject({
      snapshots: expect.arrayContaining([
        { id: taken, name: 'c1', volumeId: id, state: 'BackedUp', account: 'admin', tags: { k: 'v' } },
      ]),
    });
  });
});

describe('where snapshots are forbidden or not supported', () => {
  let site: SimulatedSite | undefined;
  afterEach(async () => {
    await site?.close();
    site = undefined;
  });

  test('revertSnapshot of a detached volume on the simulator hypervisor: only KVM supports it', async () => {
    site = await simulatedSite({ world: defaultWorld });
    const id = await storedVolume(site, 'detached', site.machines['appliance-a'] ?? '');
    const taken = await snapshot(site, id);
    const job = await site.admin.run('revertSnapshot', { id: taken });
    expect(job.jobresultcode).toBe(530);
    expect(job.jobresult?.errortext).toMatch(/because this command is supported only for KVM hypervisor$/);
  });

  const refused = {
    ...{ errorcode: 530, cserrorcode: 4250 },
    errortext: expect.stringMatching(
      /^KVM Snapshot is not supported for Running VMs\. .*kvm\.snapshot\.enabled to True/,
    ),
  };

  test('snapshots of attached volumes forbidden by the switch: refused at once while the VM runs', async () => {
    site = await simulatedSite();
    const { admin, control } = site;
    const id = await storedVolume(site, 'forbidden', APPLIANCE, true);
    await control('POST', '/modes', { snapshotsOfAttachedVolumes: false });
    expect((await admin.call('createSnapshot', { volumeid: id })).content).toMatchObject(refused);
    expect((await admin.call('listCapabilities')).content['capability']).toMatchObject({ kvmsnapshotenabled: false });
    expect(await snapshots(admin, { volumeid: id })).toEqual([]);
    succeeded(await admin.run('stopVirtualMachine', { id: APPLIANCE }));
    await snapshot(site, id);
    succeeded(await admin.run('detachVolume', { id }));
    await snapshot(site, id);
  });

  test('a release up to 4.21 forbids them on KVM without being told, and not elsewhere', async () => {
    site = await simulatedSite();
    const id = await storedVolume(site, 'old', APPLIANCE, true);
    await site.control('POST', '/modes', { version: '4.21.0.0' });
    expect((await site.admin.call('createSnapshot', { volumeid: id })).content).toMatchObject(refused);
    await site.control('POST', '/modes', { version: '4.21.0.0', snapshotsOfAttachedVolumes: true });
    await snapshot(site, id);
    await site.close();
    site = await simulatedSite({ world: { ...defaultWorld, version: '4.21.0.0' } });
    await snapshot(site, await storedVolume(site, 'other', site.machines['appliance-a'] ?? '', true));
  });
});
