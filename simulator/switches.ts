import type { AgentMocks } from './agent-mocks';
import type { Site } from './call';
import { census } from './census';
import type { Controlled } from './control';
import type { Faults } from './faults';
import { contentOfVolume, expectBoot, writeAsGuest } from './guest-control';
import type { Jobs } from './jobs';
import { modesSchema } from './modes';
import type { RequestLog } from './request-log';
import type { ApiServer } from './server';
import { timingsSchema } from './world-file';

/** The parts of a running simulator that its switches work on. */
interface SwitchedParts {
  readonly site: Site & { readonly jobs: Jobs; readonly agents: AgentMocks };
  readonly api: ApiServer;
  readonly faults: Faults;
  readonly requests: RequestLog;
}

/** What the control endpoint can do with a running simulator. */
export function switchesOf({ site, api, faults, requests }: SwitchedParts): Controlled {
  const { world, lifetime, jobs, guests, agents } = site;
  const restart: Controlled['restart'] = async ({ downMs, hypervisorFinishes }) => {
    if (downMs > 0) await api.refuseFor(downMs);
    lifetime.stop({ hypervisorFinishes });
    await jobs.stopped();
    lifetime.begin();
    jobs.restart();
    world.flush();
  };
  lifetime.restartBy((options) => void restart(options));
  return {
    faults,
    requests,
    census: () => {
      world.flush();
      return census(site);
    },
    expectBoot: (body) => expectBoot(site, body),
    contentOf: (volumeId) => contentOfVolume(site, volumeId),
    guestWrites: (body) => writeAsGuest(site, body),
    unavailable: async (ms, how) => {
      if (how === '503') api.answer503For(ms);
      else await api.refuseFor(ms);
    },
    clearFaults: async () => {
      faults.clear();
      agents.clear();
      await api.recover();
    },
    restart,
    reset: async () => {
      lifetime.stop({ hypervisorFinishes: false });
      await jobs.stopped();
      faults.clear();
      agents.clear();
      requests.clear();
      guests.clear();
      world.reset();
      guests.prepare();
      lifetime.begin();
      jobs.restart();
      world.flush();
      await api.recover();
    },
    setTimings: (change) => (world.timings = timingsSchema.parse({ ...world.timings, ...change })),
    setModes: (change) => (world.modes = modesSchema.parse({ ...world.modes, ...change })),
  };
}
