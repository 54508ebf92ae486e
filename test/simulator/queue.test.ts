import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { simulatedSite } from './simulated-site';
import type { Job, SimulatedSite } from './simulated-site';

const ATTACH_MS = 150;

describe('work of one VM goes one after another, of two VMs side by side', () => {
  let site: SimulatedSite;
  beforeAll(async () => {
    site = await simulatedSite({ timings: { attachMs: ATTACH_MS, queueMs: 50 } });
  });
  afterAll(async () => {
    await site.close();
  });

  /** Sends all attaches at once and measures until the last job's end. */
  async function attachAll(
    pairs: readonly (readonly [id: string, vm: string])[],
  ): Promise<{ jobs: Job[]; ms: number }> {
    const begun = Date.now();
    const replies = await Promise.all(
      pairs.map(([id, virtualmachineid]) => site.admin.call('attachVolume', { id, virtualmachineid }, 'POST')),
    );
    const jobs = await Promise.all(replies.map(({ content }) => site.admin.job(content.jobid)));
    return { jobs, ms: Date.now() - begun };
  }

  test('three attaches to one VM: queued, device ids 1, 2 and 4, pending jobs shown meanwhile', async () => {
    const ids = await Promise.all(['q0', 'q1', 'q2'].map((name) => site.newVolume(name)));
    const vm = site.machines['appliance-qc'] ?? '';
    const attached = attachAll(ids.map((id) => [id, vm] as const));
    const waiting = await site.admin.volumes({ ids: ids.join(',') });
    expect(waiting.filter((volume) => volume.jobid !== undefined && volume.state === 'Allocated')).not.toHaveLength(0);
    const { jobs, ms } = await attached;
    expect(jobs.map((job) => job.jobresult?.volume?.deviceid).sort()).toEqual([1, 2, 4]);
    expect(ms).toBeGreaterThanOrEqual(3 * ATTACH_MS);
    for (const volume of await site.admin.volumes({ ids: ids.join(',') })) expect(volume).not.toHaveProperty('jobid');
  });

  test('two VMs do not wait for one another', async () => {
    const ids = await Promise.all(['p0', 'p1', 'p2', 'p3', 'p4', 'p5'].map((name) => site.newVolume(name)));
    const [a, b] = [site.machines['appliance-qc'] ?? '', site.machines['appliance-qc-2'] ?? ''];
    const { jobs, ms } = await attachAll(ids.map((id, index) => [id, index % 2 === 0 ? a : b] as const));
    expect(jobs.map((job) => job.jobstatus)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(ms).toBeGreaterThanOrEqual(3 * ATTACH_MS);
    expect(ms).toBeLessThan(6 * ATTACH_MS);
  });

  test('one volume to two VMs at once: one wins, the other fails in its job', async () => {
    const id = await site.newVolume('raced');
    const { jobs } = await attachAll([
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
