import type { AccountRow, JsonObject, MachineRow } from '../rows';
import type { Site } from '../call';
import { apiDate } from './dates';
import { tagsOf } from './tags';

/** A VM as a listing shows it, fields in the order of a real server's; where it runs is the root admin's to see. */
export function machineAnswer(site: Site, machine: MachineRow, viewer: AccountRow): JsonObject {
  const { world } = site;
  const { description } = world;
  const admin = viewer.role === 'admin';
  const account = world.account(machine.accountId);
  const offering = world.serviceOffering(machine.serviceOfferingId);
  const running = machine.state === 'Running';
  const pendingJob = site.jobs.pendingJobOf(machine.id);
  return {
    id: machine.id,
    name: machine.name,
    displayname: machine.name,
    account: account.name,
    userid: account.userId,
    username: account.name,
    domainid: description.rootDomainId,
    domain: 'ROOT',
    domainpath: 'ROOT',
    created: apiDate(machine.created),
    lastupdated: apiDate(machine.updated),
    state: machine.state,
    haenable: false,
    zoneid: machine.zoneId,
    zonename: description.zone.name,
    ...(admin &&
      running && { hostid: description.cluster.id, hostname: 'SimulatedAgent', hostcontrolstate: 'Enabled' }),
    templateid: description.template.id,
    templatename: description.template.name,
    templatetype: 'BUILTIN',
    templateformat: 'VHD',
    templatedisplaytext: description.template.name,
    passwordenabled: false,
    serviceofferingid: machine.serviceOfferingId,
    serviceofferingname: offering?.name,
    cpunumber: offering?.cpus,
    cpuspeed: 500,
    memory: offering?.memoryMib,
    ...(running && {
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
    }),
    guestosid: description.template.id,
    rootdeviceid: 0,
    rootdevicetype: 'ROOT',
    securitygroup: [],
    nic: machine.nics.map((nic, index) => nicAnswer(site, nic, index, running && admin)),
    hypervisor: machine.hypervisor,
    instancename: admin ? instanceName(machine) : undefined,
    details: {},
    affinitygroup: [],
    displayvm: admin ? true : undefined,
    isdynamicallyscalable: false,
    deleteprotection: false,
    ostypeid: description.template.id,
    osdisplayname: description.template.osName,
    bootmode: 'legacy',
    boottype: 'Bios',
    pooltype: 'NetworkFilesystem',
    receivedbytes: 0,
    sentbytes: 0,
    arch: 'x86_64',
    tags: tagsOf(world, machine.id),
    hasannotations: false,
    ...(pendingJob !== undefined && { jobid: pendingJob, jobstatus: 0 }),
  };
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
function instanceName(machine: MachineRow): string {
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
