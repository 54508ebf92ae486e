import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '../support/until';
import { simulatedSite } from './simulated-site';
import type { SimulatedSite } from './simulated-site';

const [A, B] = ['1c266316-503d-451d-9392-9585a6fcba41', '7d0f4a52-6c1e-4f0b-8a55-2b1f3c9e6d42'];
const CANCELLED = 'Unable to serialize: Job is cancelled as it has been blocking others for too long';

describe('faults of jobs', () => {
  let site: SimulatedSite;
  beforeEach(async () => {
    site = await simulatedSite();
  });
  afterEach(async () => {
    await site.close();
  });

  const attach = (id: string, virtualmachineid: string = A) => site.admin.run('attachVolume', { id, virtualmachineid });
  const linkOf = (id: string): string =>
    join(...[site.simulator.stateDirectory, 'guests', A, 'by-id'], `virtio-${id.replaceAll('-', '').slice(0, 20)}`);
  const faultIds = async (): Promise<string[]> =>
    ((await site.control('GET', '/faults')) as { id: string }[]).map((each) => each.id);

  test.each([false, true])('restart in the middle of a job, the hypervisor finishes: %s', async (finishes) => {
    const id = await site.newVolume('restart');
    await site.fault({ kind: 'restart', command: 'attachVolume', hypervisorFinishes: finishes });
    const job = await attach(id);
    expect(job).toMatchObject({ jobstatus: 2, jobresultcode: 530 });
    expect(job).not.toHaveProperty('jobresult');
    expect(await site.admin.volume(id)).not.toHaveProperty('virtualmachineid');
    if (finishes) await until(() => existsSync(linkOf(id)));
    else expect(await site.control('GET', '/world')).toMatchObject({ machines: [{ plugged: [] }, {}, {}] });
    expect((await attach(id)).jobstatus).toBe(1);
  });

  test('restart as a job begins: nothing was looked at', async () => {
    const id = await site.newVolume('restart');
    await site.fault({ kind: 'restart', command: 'attachVolume', where: 'begin' });
    expect(await attach(id)).toMatchObject({ jobstatus: 2, jobresultcode: 530 });
    expect(await site.admin.volume(id)).toMatchObject({ state: 'Allocated' });
  });

  test.each([2, 3] as const)(
    'cancel-job: ends with status %i and the text, the queue goes on, the attach comes all the same',
    async (status) => {
      const [cancelled, next] = [await site.newVolume('cancelled'), await site.newVolume('next')];
      await site.fault({ kind: 'cancel-job', command: 'attachVolume', ms: 50, effectMs: 1_500, status });
      const job = await attach(cancelled);
      expect(job).toMatchObject({ jobstatus: status, jobresult: { errorcode: 530, errortext: CANCELLED } });
      const volume = await site.admin.volume(cancelled);
      expect(volume).toMatchObject({ state: 'Attaching' });
      expect(volume).not.toHaveProperty('jobid');
      expect((await attach(next)).jobstatus).toBe(1);
      expect(await site.admin.volume(cancelled)).not.toHaveProperty('virtualmachineid');
      await until(async () => (await site.admin.volume(cancelled))?.virtualmachineid === A);
      await until(() => existsSync(linkOf(cancelled)));
    },
  );

  test('expire-job: a job that has just ended is as unknown as one never sent', async () => {
    await site.fault({ kind: 'expire-job', command: 'createVolume' });
    const { content } = await site.admin.call('createVolume', {
      ...{ name: 'forgotten', zoneid: site.zone, diskofferingid: site.customOffering, size: '1' },
    });
    await until(
      async () => (await site.admin.call('queryAsyncJobResult', { jobid: content.jobid ?? '' })).status === 431,
    );
    expect(await site.admin.volume(content.id ?? '')).toMatchObject({ name: 'forgotten' });
  });

  test('detach-timeout: the whole text, still attached; the guest lets go later, a later detach succeeds', async () => {
    const id = await site.newVolume('busy');
    await attach(id);
    await until(() => existsSync(linkOf(id)));
    await site.fault({ kind: 'detach-timeout', ms: 700 });
    expect(await site.admin.run('detachVolume', { id })).toMatchObject({
      jobstatus: 2,
      jobresultcode: 530,
      jobresult: {
        errortext:
          'Failed to detach volume busy from VM appliance-qc; com.cloud.exception.InternalErrorException: Could not detach volume ' +
          'after sending the command and waiting for [10000] milliseconds. Probably the VM does not support the sent detach command ' +
          'or the device is busy at the moment. Try again in a couple of minutes.',
      },
    });
    expect(await site.admin.volume(id)).toMatchObject({ virtualmachineid: A });
    expect(existsSync(linkOf(id))).toBe(true);
    await until(() => !existsSync(linkOf(id)));
    expect((await site.admin.run('detachVolume', { id })).jobstatus).toBe(1);
  });

  test('slow-delete: Expunging until it answers', async () => {
    const id = await site.newVolume('large');
    await attach(id);
    await site.admin.run('detachVolume', { id });
    await site.fault({ kind: 'slow-delete', ms: 500 });
    const begun = Date.now();
    const deleting = site.admin.call('deleteVolume', { id });
    await until(async () => (await site.admin.volume(id))?.state === 'Expunging');
    expect((await deleting).content).toEqual({ success: true });
    expect(Date.now() - begun).toBeGreaterThanOrEqual(500);
  });

  test('hold: a straggler detach from A, let go later, takes the volume off B', async () => {
    const id = await site.newVolume('straggler');
    await attach(id);
    await site.fault({ kind: 'hold', command: 'detachVolume' });
    const straggler = await site.admin.call('detachVolume', { id }, 'POST');
    expect((await site.admin.run('detachVolume', { id })).jobstatus).toBe(1);
    expect((await attach(id, B)).jobstatus).toBe(1);
    expect(await site.admin.volume(id)).toMatchObject({ virtualmachineid: B, jobid: straggler.content.jobid });
    const [fault = ''] = await faultIds();
    await site.control('POST', `/faults/${fault}/release`);
    expect((await site.admin.job(straggler.content.jobid)).jobstatus).toBe(1);
    const volume = await site.admin.volume(id);
    expect(volume).toMatchObject({ state: 'Ready' });
    expect(volume).not.toHaveProperty('virtualmachineid');
    const world = (await site.control('GET', '/world')) as { machines: { id: string; plugged: string[] }[] };
    expect(world.machines.find((machine) => machine.id === B)?.plugged).toEqual([id]);
  });

  test('hold: for a time, and before the checks', async () => {
    const id = await site.newVolume('held');
    await site.fault({ kind: 'hold', command: 'attachVolume', where: 'begin', ms: 300 });
    const begun = Date.now();
    const { content } = await site.admin.call('attachVolume', { id, virtualmachineid: A }, 'POST');
    expect((await attach(id)).jobstatus).toBe(1);
    expect((await site.admin.job(content.jobid)).jobresult?.errortext).toBe(
      'Please specify a volume that is not attached to any VM.',
    );
    expect(Date.now() - begun).toBeGreaterThanOrEqual(300);
  });

  test('a held job ends with a restart like any other, and DELETE /faults lets it go', async () => {
    const id = await site.newVolume('held');
    await site.fault({ kind: 'hold', command: 'attachVolume', times: 2 });
    const first = await site.admin.call('attachVolume', { id, virtualmachineid: A }, 'POST');
    await site.control('POST', '/restart');
    expect(await site.admin.job(first.content.jobid)).toMatchObject({ jobstatus: 2, jobresultcode: 530 });
    const second = await site.admin.call('attachVolume', { id, virtualmachineid: A }, 'POST');
    await site.control('DELETE', '/faults');
    expect((await site.admin.job(second.content.jobid)).jobstatus).toBe(1);
  });
});
