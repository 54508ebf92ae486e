import type { Network, ServiceOffering, Template, VirtualMachine, Zone } from '../cloudstack/api';
import type { FailoverTarget } from '../domain/failover-request';
import { type DiskferryFailure, failure } from '../domain/failures';
import { named } from './judge-site';
import type { Judged } from './judged';

/** The service offering of a failover VM, if it takes what the request gives it. */
export function judgeServiceOffering(
  offerings: readonly ServiceOffering[],
  { serviceOffering: wanted, cpus, memoryMib }: FailoverTarget,
  site: string,
): Judged<ServiceOffering> {
  const offering = named(offerings, wanted);
  if (offering === undefined) return { refusal: failure('service-offering-unknown', { site, offering: wanted }) };
  const problem = offering.iscustomized ? customProblem(offering, cpus, memoryMib) : fixedProblem(cpus, memoryMib);
  if (problem === undefined) return { found: offering };
  return { refusal: failure('service-offering-unfit', { site, offering: offering.name, problem }) };
}

function fixedProblem(cpus: number | undefined, memoryMib: number | undefined): string | undefined {
  if (cpus === undefined && memoryMib === undefined) return undefined;
  return 'it has a size of its own, so the request may name neither "cpus" nor "memoryMib"';
}

/** CloudStack: the bounds of a custom offering stand in its details, and hold only where they are there. */
function customProblem(
  offering: ServiceOffering,
  cpus: number | undefined,
  memoryMib: number | undefined,
): string | undefined {
  const bound = (name: string): number | undefined => {
    const text = offering.serviceofferingdetails?.[name];
    return text === undefined ? undefined : Number(text);
  };
  const needs = [
    ...(offering.cpunumber === undefined
      ? [{ name: 'cpus', given: cpus, least: 'mincpunumber', most: 'maxcpunumber' }]
      : []),
    ...(offering.memory === undefined
      ? [{ name: 'memoryMib', given: memoryMib, least: 'minmemory', most: 'maxmemory' }]
      : []),
  ];
  for (const { name, given, least, most } of needs) {
    if (given === undefined) return `it is of custom size, so the request must name "${name}"`;
    const [from, to] = [bound(least), bound(most)];
    if (from !== undefined && given < from) return `"${name}" is ${String(given)}, it takes at least ${String(from)}`;
    if (to !== undefined && given > to) return `"${name}" is ${String(given)}, it takes at most ${String(to)}`;
  }
  return undefined;
}

/** The template that the shell VM is made from, where it is ready in the zone. */
export function judgeTemplate(
  templates: readonly Template[],
  wanted: string,
  zone: Zone,
  site: string,
): Judged<Template> {
  const here = templates.filter(({ zoneid }) => zoneid === undefined || zoneid === zone.id);
  const template = named(here, wanted);
  if (template?.isready === true) return { found: template };
  return { refusal: failure('template-unknown', { site, template: wanted, zone: zone.name }) };
}

/** One network of a failover VM. */
export function judgeNetwork(networks: readonly Network[], wanted: string, zone: Zone, site: string): Judged<Network> {
  const network = named(networks, wanted);
  if (network === undefined) return { refusal: failure('network-unknown', { site, network: wanted }) };
  if (network.zoneid !== undefined && network.zoneid !== zone.id) {
    const elsewhere = { zone: network.zoneid, siteZone: zone.name };
    return { refusal: failure('network-elsewhere', { network: network.name, ...elsewhere }) };
  }
  return { found: network };
}

/** A VM that has the name already, unless it is `own`: of this very run, whose deploy is repeated. */
export function judgeName(
  machines: readonly VirtualMachine[],
  name: string,
  own: (machine: VirtualMachine) => boolean,
): DiskferryFailure | undefined {
  const other = machines.find((machine) => machine.name === name && machine.state !== 'Expunging' && !own(machine));
  return other && failure('vm-name-taken', { name, otherVmId: other.id, state: other.state });
}
