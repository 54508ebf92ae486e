import { afterEach, describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultSettings } from '../../simulator/faults';
import { defaultWorld } from '../../simulator/worlds/default';
import { notYet } from '../contract/not-yet';
import { until } from '../support/until';
import { Bindings, recorded, replayStep } from './replay';
import { simulatedSite } from './simulated-site';
import type { SimulatedSite } from './simulated-site';

/** What must happen before a step that the recording only tells of. */
type Before = Readonly<Record<string, (site: SimulatedSite) => Promise<unknown>>>;

const slow =
  (ms: number, match: Partial<FaultSettings> = {}) =>
  (site: SimulatedSite) =>
    site.fault({ kind: 'delay', command: 'attachVolume', where: 'work', ms, ...match } as FaultSettings);

const scenarios = readdirSync(join(__dirname, '..', 'cloudstack', 'fixtures', 'cloudstack-4.22.1.0')).map((file) =>
  file.replace(/\.json$/, ''),
);

const preparations: Readonly<Record<string, Before>> = {
  'custom-job-id': { 'attach with customjobid (hypervisor made slow by 3 s)': slow(300) },
  'restart-during-attach': {
    'attach (hypervisor slow by 60 s)': slow(60_000),
    'the volume before the kill': (site) =>
      until(async () => (await site.admin.volumes({ name: 'restart' }))[0]?.state === 'Attaching'),
    'the job after the restart': (site) => site.control('POST', '/restart'),
  },
  'straggler-detach-behind-a-queue': {
    'attach of another volume to A, sent (hypervisor slow by 9 s)': slow(3_000, { volumeName: '^other$' }),
  },
};

/** Here the recorded client saw volumes that the real server's queue had not begun with. */
const looksBeforeTheQueue = new Set(['attach-queue-one-vm', 'custom-job-id']);

describe('answers of a real 4.22.1.0, replayed', () => {
  let site: SimulatedSite | undefined;
  afterEach(async () => {
    await site?.close();
    site = undefined;
  });

  test.each(scenarios)('%s', async (scenario) => {
    const before = preparations[scenario] ?? {};
    const enforcePostAndTimestamps = scenario === 'post-enforcement';
    const timings = { queueMs: looksBeforeTheQueue.has(scenario) ? 800 : 20 };
    site = await simulatedSite({ world: { ...defaultWorld, enforcePostAndTimestamps }, timings });
    const bindings = new Bindings(namesOf(site));
    const differences: string[] = [];
    const prepared = new Set<string>();
    for (const step of recorded(scenario)) {
      if (!prepared.has(step.note)) await before[step.note]?.(site);
      prepared.add(step.note);
      differences.push(...(await replayStep(site, bindings, step)));
    }
    if (notYet.includes(scenario)) expect(differences).not.toEqual([]);
    else expect(differences).toEqual([]);
  });
});

function namesOf(site: SimulatedSite): Record<string, string> {
  return {
    zone: site.zone,
    ...site.named,
    customDiskOffering: site.customOffering,
    fixedDiskOffering5: site.fixedOffering,
    applianceA: site.machines['appliance-a'] ?? '',
    applianceB: site.machines['appliance-b'] ?? '',
    applianceOfUser: site.machines['appliance-u'] ?? '',
    'apikey-admin': site.admin.account.apiKey,
    'apikey-user': site.user.account.apiKey,
  };
}
