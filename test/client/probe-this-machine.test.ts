import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeSiteReport } from '../../client/make-site-report';
import { probeSite } from '../../client/probe-site';
import type { SiteReport } from '../../client/site-report';
import { siteReportLines } from '../../client/site-report-text';
import { loadConfiguration } from '../../worker/config';
import { openSite } from '../../worker/site-access';
import { makeThisMachine } from '../../worker/this-machine';
import { startProbeWorld, type ProbeWorld, type SiteSection } from './probe-support';

const APPLIANCE = '1c266316-503d-451d-9392-9585a6fcba41';
const OTHER = '7d0f4a52-6c1e-4f0b-8a55-2b1f3c9e6d42';

let site: ProbeWorld;
beforeAll(async () => {
  site = await startProbeWorld();
});
afterAll(() => site.close());

/** A probe from a machine with the network card that the demo world gives to appliance-qc (in capitals, as some tools write it). */
async function fromAppliance(section: SiteSection, macAddresses = ['02:01:00:CC:00:01']): Promise<SiteReport> {
  const configuration = await loadConfiguration(await site.configure(section));
  const qc = configuration.sites.get('qc')!;
  const access = await openSite(configuration, qc);
  try {
    return makeSiteReport(await probeSite(access, qc, makeThisMachine(macAddresses)), { ...access, ...qc });
  } finally {
    await access.api.close();
  }
}

test('the machine is known by its network card, as its worker will prove it', async () => {
  const report = await fromAppliance({ appliances: { [APPLIANCE]: 'nic', [OTHER]: 'nic' } });
  expect(report.thisMachine.applianceId).toBe(APPLIANCE);
  expect(report.appliances.map(({ thisMachine }) => thisMachine)).toEqual(['nic: 02:01:00:CC:00:01', null]);
  expect(siteReportLines(report).join('\n')).toContain('this machine is appliance-qc (nic: 02:01:00:CC:00:01)');
  expect(report.notes).toEqual([]);
});

test('a card that matches a VM which is not configured: the section to add is named', async () => {
  const report = await fromAppliance({ appliances: { [OTHER]: 'nic' } });
  expect(report.thisMachine.applianceId).toBe(APPLIANCE);
  expect(report.appliances.map(({ id, configured }) => [id, configured])).toEqual([
    [OTHER, true],
    [APPLIANCE, false],
  ]);
  expect(report.notes).toEqual([expect.stringContaining(`add a [site.qc.appliance.${APPLIANCE}] section`)]);
  expect(report.refusals).toEqual([]);
});

test('a card that matches while the configured proof fails: a worker here would refuse, and it is said why', async () => {
  await site.write('appliance-id', OTHER);
  const report = await fromAppliance({ appliances: { [APPLIANCE]: 'file' } });
  expect(report.appliances[0]?.thisMachine).toBe('network card 02:01:00:cc:00:01');
  expect(report.notes).toEqual([expect.stringContaining(`would not prove it as configured`)]);
  expect(report.notes[0]).toContain(OTHER);
});

test('a file proves it where no card matches', async () => {
  await site.write('appliance-id', APPLIANCE);
  const report = await fromAppliance({ appliances: { [APPLIANCE]: 'file' } }, []);
  expect(report.thisMachine.applianceId).toBe(APPLIANCE);
  expect(report.notes).toEqual([]);
});

test('any other machine is none of them', async () => {
  const report = await fromAppliance({ appliances: { [APPLIANCE]: 'nic' } }, ['02:00:00:00:00:99']);
  expect(report.thisMachine).toEqual({ macAddresses: ['02:00:00:00:00:99'], applianceId: null });
});
