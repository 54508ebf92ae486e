import type { AccountRow, JsonObject, MachineRow, VolumeRow } from '../rows';
import type { Site } from '../call';
import type { ServiceOffering } from '../world-file';
import { derivedId } from '../derived-id';
import { ownerFields } from '../projects';
import { atLeast } from '../releases';
import { apiDate } from './dates';
import { tagsOf } from './tags';

/** Of every service offering of a simulated site. */
export const CPU_SPEED_MHZ = 500;
/** How long a VM runs before the server's statistics know it (`vm.stats.interval`). */
const STATISTICS_AFTER_MS = 60_000;
/** Details that only root admins are shown (`user.vm.denied.details`). */
const DENIED_DETAILS = new Set([
  'rootdisksize',
  'cpuOvercommitRatio',
  'memoryOvercommitRatio',
  'Message.ReservedCapacityFreed.Flag',
]);

/** What `details` of listVirtualMachines may name (ApiConstants.VMDetails). */
export const machineDetails = [
  ...['all', 'group', 'nics', 'stats', 'secgrp', 'tmpl', 'servoff', 'diskoff', 'backoff', 'iso', 'volume', 'min'],
  'affgrp',
];
const EVERYTHING: ReadonlySet<string> = new Set(['all']);

/**
 * A VM as a listing shows it, fields in the order of a real server's; where it runs is the root admin's to see. The server joins
 * a VM with its volumes and shows the first of them as the root, which is the oldest (fixture vm-states: `rootdeviceid` 1).
 */
export function machineAnswer(site: Site, machine: MachineRow, viewer: AccountRow, asked = EVERYTHING): JsonObject {
  const { world } = site;
  const { description } = world;
  const admin = viewer.role === 'admin';
  const shows = (part: string): boolean => asked.has('all') || asked.has(part);
  const account = world.account(machine.accountId);
  const running = machine.state === 'Running';
  const untouched = !machine.everStarted && machine.updated === machine.created;
  const volume = world.volumesOf(machine.id).reduce(older, undefined);
  const pendingJob = site.jobs.pendingJobOf(machine.id);
  return {
    id: machine.id,
    name: machine.name,
    displayname: machine.displayName,
    ...ownerFields(world, machine.accountId),
    userid: account.userId,
    username: account.name,
    domainid: description.rootDomainId,
    domain: 'ROOT',
    domainpath: 'ROOT',
    created: apiDate(machine.created),
    lastupdated: untouched ? undefined : apiDate(machine.updated),
    state: machine.state,
    haenable: false,
    zoneid: machine.zoneId,
    zonename: description.zone.name,
    ...(admin && running && hostFields(description.cluster.id)),
    ...(shows('tmpl') && {
      templateid: description.template.id,
      templatename: description.template.name,
      templatetype: 'BUILTIN',
      templateformat: 'VHD',
      templatedisplaytext: description.template.name,
      passwordenabled: false,
    }),
    ...(shows('servoff') && {
      serviceofferingid: machine.serviceOfferingId,
      serviceofferingname: offeringOf(site, machine)?.name,
    }),
    ...(shows('diskoff') && volume !== undefined && diskOfferingFields(site, volume)),
    ...(shows('servoff') && sizeFields(site, machine)),
    ...(shows('stats') && running && Date.now() - machine.updated >= STATISTICS_AFTER_MS && statistics),
    guestosid: derivedId('guest system', description.template.id),
    ...(shows('volume') && volume !== undefined && { rootdeviceid: volume.deviceId, rootdevicetype: volume.type }),
    securitygroup: [],
    nic: shows('nics')
      ? machine.nics.map((nic, index) => nicAnswer(site, nic, index, admin && (running || untouched)))
      : [],
    hypervisor: machine.hypervisor,
    instancename: admin ? instanceName(machine) : undefined,
    details: admin ? machine.details : allowedDetails(machine),
    affinitygroup: [],
    displayvm: admin ? true : undefined,
    isdynamicallyscalable: false,
    deleteprotection: atLeast(world.modes.version, '4.20') ? false : undefined,
    ostypeid: derivedId('guest system', description.template.id),
    osdisplayname: description.template.osName,
    ...bootFields(machine),
    pooltype: shows('volume') && volume?.placed === true ? 'NetworkFilesystem' : undefined,
    receivedbytes: 0,
    sentbytes: 0,
    arch: 'x86_64',
    tags: tagsOf(world, machine.id),
    hasannotations: false,
    ...(pendingJob !== undefined && { jobid: pendingJob, jobstatus: 0 }),
  };
}

/** What is shown of a VM that its own job expunged. */
export const expungedMachineAnswer: JsonObject = {
  securitygroup: [],
  nic: [],
  affinitygroup: [],
  deleteprotection: false,
  tags: [],
};

/** The one host of the one cluster. */
function hostFields(clusterId: string): JsonObject {
  return {
    hostid: derivedId('host', clusterId),
    hostname: `SimulatedAgent.${derivedId('agent', clusterId)}`,
    hostcontrolstate: 'Enabled',
  };
}

const statistics: JsonObject = {
  cpuused: '10%',
  networkkbsread: 32768,
  networkkbswrite: 16384,
  diskkbsread: 0,
  diskkbswrite: 0,
  memorykbs: 0,
  memoryintfreekbs: 0,
  memorytargetkbs: 0,
  diskioread: 0,
  diskiowrite: 0,
};

function older(oldest: VolumeRow | undefined, volume: VolumeRow): VolumeRow {
  return oldest === undefined || volume.number < oldest.number ? volume : oldest;
}

function offeringOf({ world }: Site, machine: MachineRow): ServiceOffering | undefined {
  return world.serviceOffering(machine.serviceOfferingId);
}

function sizeFields(site: Site, machine: MachineRow): JsonObject {
  const offering = offeringOf(site, machine);
  return {
    cpunumber: machine.customSize?.cpus ?? offering?.cpus,
    cpuspeed: machine.customSize?.speedMhz ?? CPU_SPEED_MHZ,
    memory: machine.customSize?.memoryMib ?? offering?.memoryMib,
  };
}

function diskOfferingFields({ world }: Site, volume: VolumeRow): JsonObject {
  const offering = volume.diskOfferingId === null ? undefined : world.diskOffering(volume.diskOfferingId);
  return { diskofferingid: offering?.id, diskofferingname: offering?.name };
}

function allowedDetails(machine: MachineRow): JsonObject {
  return Object.fromEntries(Object.entries(machine.details).filter(([name]) => !DENIED_DETAILS.has(name)));
}

/** Shown as BIOS only where a VM has no details at all (fixtures failover, vm-states, probe-at-start). */
function bootFields({ details }: MachineRow): JsonObject {
  if (Object.keys(details).length === 0) return { bootmode: 'legacy', boottype: 'Bios' };
  const mode = details['UEFI'];
  return mode === undefined ? {} : { bootmode: mode.toLowerCase(), boottype: 'Uefi' };
}

function nicAnswer(site: Site, nic: MachineRow['nics'][number], index: number, placed: boolean): JsonObject {
  const network = site.world.network(nic.networkId);
  const vlan = network === undefined ? undefined : `vlan://${String(network.vlan)}`;
  return {
    id: nic.id,
    networkid: nic.networkId,
    networkname: network?.name,
    ...(placed && { isolationuri: vlan, broadcasturi: vlan }),
    traffictype: 'Guest',
    type: 'L2',
    isdefault: index === 0,
    macaddress: nic.macAddress,
    secondaryip: [],
    extradhcpoption: [],
    deviceid: String(index),
  };
}

/** The hypervisor's own name of a VM. */
export function instanceName(machine: MachineRow): string {
  return `i-2-${String(machine.number)}-VM`;
}

/** How the server's messages name a VM (VMInstanceVO.toString). */
export function machineText(machine: MachineRow): string {
  const fields = {
    id: machine.number,
    instanceName: instanceName(machine),
    state: machine.state,
    type: 'User',
    uuid: machine.id,
  };
  return `VM instance ${JSON.stringify(fields)}`;
}
