import { expect, test } from '@jest/globals';
import { Jobs } from '../../simulator/jobs';
import { Lifetime } from '../../simulator/lifetime';
import { World } from '../../simulator/world';
import { defaultWorld } from '../../simulator/worlds/default';
import { temporaryFolder } from '../support/temporary-folder';
import { until } from '../support/until';

test('jobs that ended too long ago are not carried along, pending ones and younger ones are', async () => {
  const folder = await temporaryFolder();
  const world = new World(folder.path, defaultWorld);
  const lifetime = new Lifetime();
  try {
    const jobs = new Jobs(world, lifetime);
    const caller = world.accountNamed('admin')!;
    const submit = (work: () => Promise<object>): string =>
      idOf(
        jobs.submit({
          ...{ caller, customJobId: undefined, javaClass: 'X', instanceType: 'None', instanceId: null },
          work: async () => ({ ...(await work()) }),
        }),
      );
    const old = submit(() => Promise.resolve({}));
    await until(() => world.jobs.get(old)?.status === 1);
    const pending = submit(() => lifetime.wait(60_000).then(() => ({})));
    expect(world.jobs.get(old)).toBeDefined();
    world.timings = { ...world.timings, jobExpireMs: 0 };
    const young = submit(() => Promise.resolve({}));
    expect([...world.jobs.values()].map((job) => job.id)).toEqual([pending, young]);
    lifetime.stop({ hypervisorFinishes: false });
    await jobs.stopped();
  } finally {
    await world.close();
    await folder.remove();
  }
});

function idOf({ jobid }: Record<string, unknown>): string {
  return jobid as string;
}
