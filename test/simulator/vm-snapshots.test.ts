import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../support/until';
import { simulatedSite } from './simulated-site';
import type { SimulatedSite } from './simulated-site';
import { read, storedVolume, succeeded, write } from './snapshot-calls';

const APPLIANCE = '1c266316-503d-451d-9392-9585a6fcba41';
const OTHER = '7d0f4a52-6c1e-4f0b-8a55-2b1f3c9e6d42';

interface VmSnapshot {
  id: string;
  displayname: string;
  state: string;
  type: string;
  current: boolean;
  parent?: string;
  parentName?: string;
}

describe('snapshots of VMs (reference §2.4, §7)', () => {
  let site: SimulatedSite;
  beforeAll(async () => {
    site = await simulatedSite();
  });
  afterAll(() => site.close());
  afterEach(async () => {
    await site.control('DELETE', '/faults');
    for (const { id } of await listed()) succeeded(await site.admin.run('deleteVMSnapshot', { vmsnapshotid: id }));
    await site.admin.run('startVirtualMachine', { id: APPLIANCE });
  });

  async function listed(more: Record<string, string> = {}): Promise<VmSnapshot[]> {
    const { content } = await site.admin.call('listVMSnapshot', more);
    return (content['vmSnapshot'] as VmSnapshot[] | undefined) ?? [];
  }

  async function take(name: string, more: Record<string, string> = {}): Promise<string> {
    const job = await site.admin.run('createVMSnapshot', { virtualmachineid: APPLIANCE, name, ...more });
    return succeeded(job).jobinstanceid ?? '';
  }

  test('while one exists attach, detach and resize are refused in the job', async () => {
    const { admin } = site;
    const inside = await storedVolume(site, 'inside', APPLIANCE, true);
    const outside = await site.newVolume('outside');
    const id = await take('first');
    const refusal = async (command: string, parameters: Record<string, string>) => {
      const { jobresultcode, jobresult } = await admin.run(command, parameters);
      return `${String(jobresultcode)} ${String(jobresult?.errortext)}`;
    };
    expect(await refusal('attachVolume', { id: outside, virtualmachineid: APPLIANCE })).toBe(
      `431 Unable to attach volume to Instance appliance-qc/${APPLIANCE}, please specify an Instance that does not have Instance Snapshots`,
    );
    expect(await refusal('detachVolume', { id: inside })).toBe(
      '431 Unable to detach volume, please specify an Instance that does not have Instance Snapshots',
    );
    expect(await refusal('resizeVolume', { id: inside, size: '2' })).toBe(
      '431 A volume that is attached to an Instance with any Instance Snapshots cannot be resized.',
    );
    // Nothing of the sort holds for another VM.
    succeeded(await admin.run('attachVolume', { id: outside, virtualmachineid: OTHER }));
    expect(await site.control('GET', '/world')).toMatchObject({
      vmSnapshots: [{ id, name: 'first', virtualMachineId: APPLIANCE, state: 'Ready', current: true }],
    });
    succeeded(await admin.run('deleteVMSnapshot', { vmsnapshotid: id }));
    succeeded(await admin.run('detachVolume', { id: inside }));
  });

  test('one follows the other; the listing knows the current one and its parent', async () => {
    const { admin } = site;
    const first = await take('first', { description: 'before the upgrade' });
    const second = await take('second', { snapshotmemory: 'true' });
    expect(await listed({ vmsnapshotid: first })).toMatchObject([
      { displayname: 'first', description: 'before the upgrade', state: 'Ready', type: 'Disk', current: false },
    ]);
    expect(await listed({ name: 'second' })).toMatchObject([
      { id: second, type: 'DiskAndMemory', current: true, parent: first, parentName: 'first' },
    ]);
    expect(await listed({ virtualmachineid: OTHER })).toEqual([]);
    expect((await site.user.call('listVMSnapshot', { listall: 'true' })).content).toEqual({});
    succeeded(await admin.run('deleteVMSnapshot', { vmsnapshotid: second }));
    expect((await listed())[0]).toMatchObject({ id: first, current: true });
    const gone = await admin.call('deleteVMSnapshot', { vmsnapshotid: second });
    expect(gone.content).toMatchObject({
      ...{ errorcode: 431, cserrorcode: 4350 },
      errortext: expect.stringMatching(/^Unable to find UUID for id \[\d+\] of type \[VMSnapshot\]$/),
    });
  });

  test('revertToVMSnapshot: of disks only when stopped, with memory only when running; all disks have their bytes back', async () => {
    const { admin } = site;
    const disk = await storedVolume(site, 'reverted', APPLIANCE, true);
    write(site, disk, 'old');
    const ofDisks = await take('disks');
    write(site, disk, 'new');
    const withMemory = await take('memory', { snapshotmemory: 'true' });
    write(site, disk, 'end');
    const revert = (vmsnapshotid: string) => admin.run('revertToVMSnapshot', { vmsnapshotid });
    expect((await revert(ofDisks)).jobresult?.errortext).toMatch(/^Instance Snapshot revert not allowed/);
    expect((await revert(withMemory)).jobresult).toMatchObject({ virtualmachine: { id: APPLIANCE, state: 'Running' } });
    expect(read(site, disk, 3)).toBe('new');
    succeeded(await admin.run('stopVirtualMachine', { id: APPLIANCE }));
    expect((await revert(withMemory)).jobresultcode).toBe(431);
    succeeded(await revert(ofDisks));
    expect(read(site, disk, 3)).toBe('old');
    expect(await listed({ vmsnapshotid: ofDisks })).toMatchObject([{ current: true }]);
    expect(await listed({ vmsnapshotid: withMemory })).toMatchObject([{ current: false }]);
    // A volume's own snapshot cannot be put back as long as the VM has any.
    for (const id of [withMemory, ofDisks]) succeeded(await admin.run('deleteVMSnapshot', { vmsnapshotid: id }));
    succeeded(await admin.run('detachVolume', { id: disk }));
  });

  test('revertSnapshot of a volume whose VM has snapshots is refused', async () => {
    const { admin } = site;
    const disk = await storedVolume(site, 'both', APPLIANCE, true);
    const taken = succeeded(await admin.run('createSnapshot', { volumeid: disk })).jobinstanceid ?? '';
    succeeded(await admin.run('stopVirtualMachine', { id: APPLIANCE }));
    await take('first');
    expect((await admin.run('revertSnapshot', { id: taken })).jobresult?.errortext).toBe(
      'Unable to revert snapshot for Instance, please remove Instance Snapshots before reverting Instance from snapshot',
    );
  });

  test('what is refused at once: memory of a stopped VM, a used name, other tasks', async () => {
    const { admin } = site;
    await site.fault({ kind: 'delay', command: 'createVMSnapshot', where: 'work', ms: 300 });
    const slow = await admin.call('createVMSnapshot', { virtualmachineid: APPLIANCE, name: 'slow' });
    await until(async () => (await listed())[0]?.state === 'Creating');
    const again = { virtualmachineid: APPLIANCE, name: 'again' };
    expect((await admin.call('createVMSnapshot', again)).content.errortext).toBe(
      'There are other active Instance Snapshot tasks on the Instance, please try again later',
    );
    expect((await admin.run('deleteVMSnapshot', { vmsnapshotid: slow.content.id ?? '' })).jobresultcode).toBe(431);
    succeeded(await admin.job(slow.content.jobid));
    expect((await admin.call('createVMSnapshot', { ...again, name: 'slow' })).content.errortext).toMatch(
      /already exists/,
    );
    succeeded(await admin.run('stopVirtualMachine', { id: APPLIANCE }));
    expect((await admin.call('createVMSnapshot', { ...again, snapshotmemory: 'true' })).content).toMatchObject({
      errorcode: 431,
      errortext: 'Can not snapshot memory when Instance is not in Running state',
    });
  });

  test('a failed one is in state Error and still forbids attaching, as the server does, until it is deleted', async () => {
    const { admin } = site;
    await site.fault({ kind: 'fail-job', command: 'createVMSnapshot', text: 'no space' });
    const job = await admin.run('createVMSnapshot', { virtualmachineid: APPLIANCE, name: 'failed' });
    expect(job).toMatchObject({ jobstatus: 2, jobresultcode: 530 });
    expect((await listed())[0]).toMatchObject({ state: 'Error', current: false });
    const volume = await site.newVolume('waiting');
    expect((await admin.run('attachVolume', { id: volume, virtualmachineid: APPLIANCE })).jobresultcode).toBe(431);
  });

  test('a release up to 4.19 speaks of VMs and VM snapshots', async () => {
    const volume = await site.newVolume('older');
    await take('first');
    await site.control('POST', '/modes', { version: '4.19.1.0' });
    try {
      const job = await site.admin.run('attachVolume', { id: volume, virtualmachineid: APPLIANCE });
      expect(job.jobresult?.errortext).toBe(
        `Unable to attach volume to VM appliance-qc/${APPLIANCE}, please specify a VM that does not have VM snapshots`,
      );
    } finally {
      await site.control('POST', '/modes', { version: '4.22.1.0' });
    }
  });
});
