import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '../support/until';
import { simulatedSite } from './simulated-site';
import type { SimulatedSite } from './simulated-site';

const APPLIANCE = '1c266316-503d-451d-9392-9585a6fcba41';

describe('fault switches', () => {
  let site: SimulatedSite;
  beforeEach(async () => {
    site = await simulatedSite();
  });
  afterEach(async () => {
    await site.close();
  });

  const guest = (...parts: string[]): string => join(site.simulator.stateDirectory, 'guests', APPLIANCE, ...parts);
  const linkOf = (id: string): string => guest('by-id', `virtio-${id.replaceAll('-', '').slice(0, 20)}`);
  const attach = (id: string) => site.admin.run('attachVolume', { id, virtualmachineid: APPLIANCE });
  const devices = (): string[] => readdirSync(guest('sys-block'));
  const create = (name: string) => ({ name, zoneid: site.zone, diskofferingid: site.customOffering, size: '1' });
  const received = async (command: string): Promise<number> =>
    ((await site.control('GET', '/requests')) as { command: string }[]).filter((each) => each.command === command)
      .length;

  test('refuse: nothing is done, the next call works', async () => {
    await site.fault({ kind: 'refuse', command: 'createVolume', code: 535, text: 'Maximum reached' });
    expect((await site.admin.call('createVolume', create('r'))).content).toMatchObject({
      errorcode: 535,
      errortext: 'Maximum reached',
    });
    expect(await site.admin.volumes({ name: 'r' })).toEqual([]);
    expect((await site.admin.call('createVolume', create('r'))).status).toBe(200);
  });

  test('the second of two disks fails three times, then works', async () => {
    const [first, second] = [await site.newVolume('vm-2000-a'), await site.newVolume('vm-2001-b')];
    await site.fault({
      kind: 'fail-job',
      command: 'attachVolume',
      volumeName: '-2001-',
      times: 3,
      text: 'no more slots',
    });
    expect((await attach(first)).jobstatus).toBe(1);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect(await attach(second)).toMatchObject({
        jobstatus: 2,
        jobresultcode: 530,
        jobresult: { errortext: 'Failed to attach volume vm-2001-b to VM appliance-qc; no more slots' },
      });
      const volume = await site.admin.volume(second);
      expect(volume).toMatchObject({ state: 'Ready' });
      expect(volume).not.toHaveProperty('virtualmachineid');
    }
    expect(devices()).toHaveLength(1);
    expect((await attach(second)).jobstatus).toBe(1);
  });

  test('storage fails at the first attach: back to Allocated', async () => {
    const id = await site.newVolume('unstored');
    await site.fault({ kind: 'fail-job', command: 'attachVolume', where: 'storage' });
    expect((await attach(id)).jobresult?.errortext).toBe(
      `Failed to create volume [{"name":"unstored","uuid":"${id}"}] due to [Simulated failure].`,
    );
    expect(await site.admin.volume(id)).toMatchObject({ state: 'Allocated' });
  });

  test('storage fails to delete: state Destroy, a second delete succeeds', async () => {
    const id = await site.newVolume('sticky');
    await attach(id);
    await site.admin.run('detachVolume', { id });
    await site.fault({ kind: 'fail-job', command: 'deleteVolume' });
    const refused = await site.admin.call('deleteVolume', { id });
    expect(refused.content).toMatchObject({ errorcode: 530, cserrorcode: 4250 });
    expect(await site.admin.volume(id)).toMatchObject({ state: 'Destroy' });
    expect((await site.admin.call('deleteVolume', { id })).content).toEqual({ success: true });
  });

  test('drop-answer: the effect came; drop-request: it did not; skip lets calls through first', async () => {
    await site.fault({ kind: 'drop-answer', command: 'createVolume', skip: 1 });
    expect((await site.admin.call('createVolume', create('one'))).status).toBe(200);
    await expect(site.admin.call('createVolume', create('two'))).rejects.toThrow();
    expect(await site.admin.volumes({ name: 'two' })).toHaveLength(1);
    await site.fault({ kind: 'drop-request', command: 'createVolume' });
    await expect(site.admin.call('createVolume', create('three'))).rejects.toThrow();
    expect(await site.admin.volumes({ name: 'three' })).toEqual([]);
    expect(await received('createVolume')).toBe(3);
  });

  test('delay: of the answer, and of the work', async () => {
    await site.fault({ kind: 'delay', command: 'listZones', ms: 200 });
    const begun = Date.now();
    await site.admin.call('listZones');
    expect(Date.now() - begun).toBeGreaterThanOrEqual(195);
    const id = await site.newVolume('slow');
    await site.fault({ kind: 'delay', command: 'attachVolume', where: 'work', ms: 300 });
    const attaching = attach(id);
    await until(async () => (await site.admin.volume(id))?.state === 'Attaching');
    expect((await attaching).jobstatus).toBe(1);
  });

  test('late-link and no-link: the device is there, its link is late or never there', async () => {
    const [late, none] = [await site.newVolume('late'), await site.newVolume('none')];
    await site.fault({ kind: 'late-link', command: 'attachVolume', volumeId: late, ms: 1_500 });
    await site.fault({ kind: 'no-link', command: 'attachVolume', volumeId: none });
    await attach(late);
    await until(() => devices().length === 1);
    expect(existsSync(linkOf(late))).toBe(false);
    await until(() => existsSync(linkOf(late)));
    await attach(none);
    await until(() => devices().length === 2);
    expect(existsSync(linkOf(none))).toBe(false);
  });

  test('wrong-link: the link leads to another disk', async () => {
    const [right, wrong] = [await site.newVolume('right'), await site.newVolume('wrong')];
    await attach(right);
    await site.fault({ kind: 'wrong-link', command: 'attachVolume' });
    await attach(wrong);
    await until(() => existsSync(linkOf(wrong)) && existsSync(linkOf(right)));
    expect(readlinkSync(linkOf(wrong))).toBe(readlinkSync(linkOf(right)));
    expect(devices()).toHaveLength(2);
  });

  test('ghost at attach: the job fails, the disk appears; a stop and start of the VM removes it', async () => {
    const id = await site.newVolume('ghost');
    const text = 'Unable to serialize: Job is cancelled as it has been blocking others for too long';
    await site.fault({ kind: 'ghost', command: 'attachVolume', text, ms: 100 });
    expect((await attach(id)).jobresult?.errortext).toContain(text);
    expect(await site.admin.volume(id)).not.toHaveProperty('virtualmachineid');
    await until(() => existsSync(linkOf(id)));
    await site.admin.run('stopVirtualMachine', { id: APPLIANCE });
    expect(devices()).toEqual([]);
    await site.admin.run('startVirtualMachine', { id: APPLIANCE });
    expect(devices()).toEqual([]);
  });

  test('ghosts at detach: detached but plugged, or timed out and gone later', async () => {
    const [stays, goes] = [await site.newVolume('stays'), await site.newVolume('goes')];
    await attach(stays);
    await attach(goes);
    await until(() => devices().length === 2);
    await site.fault({ kind: 'ghost', command: 'detachVolume', volumeId: stays, job: 'succeed' });
    expect((await site.admin.run('detachVolume', { id: stays })).jobstatus).toBe(1);
    expect(existsSync(linkOf(stays))).toBe(true);
    await site.fault({
      kind: 'ghost',
      command: 'detachVolume',
      volumeId: goes,
      text: 'waiting for [10000]',
      ms: 1_000,
    });
    expect((await site.admin.run('detachVolume', { id: goes })).jobresult?.errortext).toContain('waiting for [10000]');
    expect(await site.admin.volume(goes)).toHaveProperty('virtualmachineid', APPLIANCE);
    expect(existsSync(linkOf(goes))).toBe(true);
    await until(() => !existsSync(linkOf(goes)));
    expect((await site.admin.run('detachVolume', { id: goes })).jobstatus).toBe(1);
  });

  test.each(['503', 'refused'] as const)('unavailable (%s), then back on the same port', async (how) => {
    await site.fault({ kind: 'unavailable', ms: 1_000, how });
    const answer = site.admin.call('listZones').then(
      (reply) => reply.status,
      () => 'refused',
    );
    expect(await answer).toBe(how === '503' ? 503 : 'refused');
    await until(() =>
      site.admin.call('listZones').then(
        (reply) => reply.status === 200,
        () => false,
      ),
    );
  });

  test('faults are listed with their hits and can be taken back; a bad one is refused with the reason', async () => {
    await site.fault({ kind: 'refuse', command: 'listZones', times: null });
    expect((await site.admin.call('listZones')).status).toBe(530);
    expect(await site.control('GET', '/faults')).toMatchObject([{ fault: { kind: 'refuse' }, hits: 1, left: null }]);
    await site.control('DELETE', '/faults');
    expect((await site.admin.call('listZones')).status).toBe(200);
    await expect(site.control('POST', '/faults', { kind: 'refuse', comand: 'x' })).rejects.toThrow(/comand/);
    await expect(site.control('POST', '/faults', { kind: 'refuse', volumeName: '(' })).rejects.toThrow(/regular/);
  });

  test('the request log holds what was asked, without keys', async () => {
    await site.control('DELETE', '/requests');
    await site.admin.call('listVolumes', { name: 'x' }, 'POST');
    const [request] = (await site.control('GET', '/requests')) as object[];
    expect(request).toMatchObject({
      method: 'POST',
      command: 'listVolumes',
      account: 'admin',
      parameters: { name: 'x' },
    });
    expect(JSON.stringify(request)).not.toContain(site.admin.account.apiKey);
  });
});
