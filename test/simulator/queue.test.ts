import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { simulatedSite } from './simulated-site';
import type { Job, SimulatedSite } from './simulated-site';

describe('work of one VM goes one after another, of two VMs side by side', () => {
  let site: SimulatedSite;
  beforeAll(async () => {
    site = await simulatedSite();
  });
  afterAll(async () => {
    await site.close();
  });

  /** Sends all attaches at once; answers their job ids. */
  async function send(pairs: readonly (readonly [id: string, vm: string])[]): Promise<(string | undefined)[]> {
    const replies = await Promise.all(
      pairs.map(([id, virtualmachineid]) => site.admin.call('attachVolume', { id, virtualmachineid }, 'POST')),
    );
    return replies.map(({ content }) => content.jobid);
  }

  async function attachAll(pairs: readonly (readonly [id: string, vm: string])[]): Promise<Job[]> {
    return await Promise.all((await send(pairs)).map((jobId) => site.admin.job(jobId)));
  }

  test('three attaches to one VM at once get the device ids 1, 2 and 4', async () => {
    const ids = await Promise.all(['q0', 'q1', 'q2'].map((name) => site.newVolume(name)));
    const vm = site.machines['appliance-qc'] ?? '';
    const jobs = await attachAll(ids.map((id) => [id, vm] as const));
    expect(jobs.map((job) => job.jobresult?.volume?.deviceid).sort()).toEqual([1, 2, 4]);
    for (const volume of await site.admin.volumes({ ids: ids.join(',') })) expect(volume).not.toHaveProperty('jobid');
  });

  test('behind slow work of one VM its other work waits, that of another VM does not', async () => {
    const [slow = '', behind = '', elsewhere = ''] = await Promise.all(
      ['slow', 'behind', 'elsewhere'].map((name) => site.newVolume(name)),
    );
    const [a, b] = [site.machines['appliance-qc'] ?? '', site.machines['appliance-qc-2'] ?? ''];
    await site.fault({ kind: 'delay', command: 'attachVolume', volumeId: slow, where: 'work', ms: 60_000 });
    await send([[slow, a]]);
    const [waiting] = await send([[behind, a]]);
    expect((await attachAll([[elsewhere, b]]))[0]?.jobstatus).toBe(1);
    expect(await site.admin.volume(slow)).toMatchObject({ state: 'Attaching' });
    expect(await site.admin.volume(behind)).toMatchObject({ state: 'Allocated', jobid: waiting, jobstatus: 0 });
    await site.control('POST', '/restart');
    expect((await site.admin.job(waiting)).jobstatus).toBe(2);
  });

  test('one volume to two VMs at once: one wins, the other fails in its job', async () => {
    const id = await site.newVolume('raced');
    const jobs = await attachAll([
      [id, site.machines['appliance-qc'] ?? ''],
      [id, site.machines['appliance-qc-2'] ?? ''],
    ]);
    expect(jobs.map((job) => job.jobstatus).sort()).toEqual([1, 2]);
    const lost = jobs.find((job) => job.jobstatus === 2);
    expect(lost).toMatchObject({ jobresultcode: 530 });
    expect(lost?.jobresult?.errortext).toMatch(/is in Attaching\. It should be in Ready or Allocated state$/);
  });

  test('more attaches at once than there are device ids', async () => {
    const limited = await simulatedSite({ world: 'default' });
    try {
      const ids = await Promise.all(
        Array.from({ length: 8 }, (_, index) => limited.newVolume(`full-${String(index)}`)),
      );
      const vm = limited.machines['appliance-a'] ?? '';
      const replies = await Promise.all(
        ids.map((id) => limited.admin.call('attachVolume', { id, virtualmachineid: vm })),
      );
      const jobs = await Promise.all(replies.map(({ content }) => limited.admin.job(content.jobid)));
      expect(jobs.filter((job) => job.jobstatus === 1)).toHaveLength(6);
      for (const job of jobs.filter((each) => each.jobstatus === 2)) {
        expect(job.jobresult?.errortext).toMatch(/^All device Ids are used by vm \d+$/);
      }
    } finally {
      await limited.close();
    }
  });
});
