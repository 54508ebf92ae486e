import { makeApplianceTools } from '../appliance/tools';
import type { VirtualMachine } from '../cloudstack/api';
import { checkSchema } from '../database/migrate';
import { failure } from '../domain/failures';
import { cloudStackFailure } from '../site/cloudstack-failure';
import { judgeOffering, judgeZone } from '../site/judge-site';
import { foundOrThrow } from '../site/judged';
import { readVm } from '../site/read-appliance';
import { readSite } from '../site/read-site';
import { applianceChecks } from './appliance-checks';
import { type Check, type CheckResult, measureAll } from './check';
import type { ApplianceConfiguration, SiteConfiguration, WorkerConfiguration } from './config';
import { translateDatabaseError } from './database-failure';
import { proveRights } from './prove-rights';
import { databaseAccess } from './secrets';
import { openSite, type SiteAccess } from './site-access';
import { connectWorkerTemporal } from './temporal-access';
import { makeThisMachine } from './this-machine';

/** Everything is tried once; a server that is away is given less than a person's patience. */
const LONGEST_MS = 15_000;

/**
 * Tries everything that a configuration names, as this user on this machine. What only an appliance has is tried where this machine
 * proves to be that appliance. Changes nothing but the folders of the exports, which it makes.
 */
export async function tryConnections(
  configuration: WorkerConfiguration,
  environment: Readonly<Record<string, string>>,
): Promise<CheckResult[]> {
  const shared = await measureAll([databaseCheck(configuration, environment), temporalCheck(environment)], LONGEST_MS);
  const sites = await Promise.all([...configuration.sites.values()].map((site) => trySite(configuration, site)));
  return [...shared, ...sites.flat()];
}

function databaseCheck(configuration: WorkerConfiguration, environment: Readonly<Record<string, string>>): Check {
  return {
    name: 'database',
    kind: 'database',
    next: 'See whether it runs and can be reached from here.',
    measure: async () => {
      const { url, password, shown } = await databaseAccess(configuration, environment);
      await translateDatabaseError(() => checkSchema(url, password === undefined ? {} : { password }));
      return `${shown} answers and has the schema of this release`;
    },
  };
}

function temporalCheck(environment: Readonly<Record<string, string>>): Check {
  return {
    name: 'temporal',
    kind: 'temporal',
    next: 'Correct address and namespace in TEMPORAL_* or temporal.toml, or create the namespace.',
    measure: async () => {
      const temporal = await connectWorkerTemporal(environment);
      try {
        await temporal.proveNamespace();
        return `Temporal at ${temporal.address} answers, namespace ${temporal.namespace}`;
      } finally {
        await temporal.connection.close();
      }
    },
  };
}

async function trySite(configuration: WorkerConfiguration, site: SiteConfiguration): Promise<CheckResult[]> {
  const access = await openSite(configuration, site);
  try {
    const siteResult = await measureAll([siteCheck(access, site)], LONGEST_MS);
    const appliances = [...site.appliances.values()].map((appliance) => tryAppliance(access, appliance));
    return [...siteResult, ...(await Promise.all(appliances)).flat()];
  } finally {
    await access.api.close();
  }
}

function siteCheck({ api, settings }: SiteAccess, site: SiteConfiguration): Check {
  return {
    name: `cloudstack ${site.name}`,
    kind: 'cloudstack',
    next: `See more: diskferry probe ${site.name}`,
    measure: async () => {
      try {
        const reading = await readSite(api, settings);
        const zone = foundOrThrow(judgeZone(reading, settings));
        const offering = foundOrThrow(judgeOffering(reading, settings));
        return `CloudStack ${reading.capabilities.cloudstackversion} at ${site.endpoint}: zone ${zone.name}, disk offering ${offering.name}`;
      } catch (error) {
        throw cloudStackFailure(error, site.name) ?? error;
      }
    },
  };
}

async function tryAppliance({ api }: SiteAccess, appliance: ApplianceConfiguration): Promise<CheckResult[]> {
  const vm = await readVm(api, { applianceId: appliance.id }).catch(() => undefined);
  const identity = await makeThisMachine().prove(appliance, macAddressesOf(vm));
  if (!identity.ok) {
    const name = `appliance ${appliance.id}`;
    const evidence = `this machine is not it (${identity.evidence}); its tools, folders and rights are to be tried there`;
    return [{ name, kind: 'folders', ok: true, evidence, milliseconds: 0 }];
  }
  const results = await measureAll([toolsCheck(appliance), rightsCheck(appliance)], LONGEST_MS);
  return [...results, ...(await measureAll(applianceChecks(appliance)))];
}

function toolsCheck({ id: applianceId }: ApplianceConfiguration): Check {
  return {
    name: `tools ${applianceId}`,
    kind: 'folders',
    next: 'Install what is missing.',
    measure: async () => {
      const tools = await makeApplianceTools().check();
      if (!tools.ok) throw failure('tool-missing', { applianceId, tool: tools.tool, cause: tools.evidence });
      return 'nbdkit, nbdinfo, nbdcopy, qemu-img, qemu-io and flock run';
    },
  };
}

function rightsCheck(appliance: ApplianceConfiguration): Check {
  return {
    name: `rights ${appliance.id}`,
    kind: 'folders',
    next: 'See docs/service.md.',
    measure: async () => {
      await proveRights(appliance);
      return `this user (${String(process.geteuid?.())}) may do what the work needs`;
    },
  };
}

function macAddressesOf(vm: VirtualMachine | undefined): string[] {
  return (vm?.nic ?? []).flatMap(({ macaddress }) => (macaddress === undefined ? [] : [macaddress]));
}
