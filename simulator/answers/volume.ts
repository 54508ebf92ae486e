import type { AccountRow, JsonObject, VolumeRow } from '../rows';
import type { Site } from '../call';
import { ownerFields } from '../projects';
import { atLeast } from '../releases';
import { apiDate } from './dates';
import { tagsOf } from './tags';

/** A volume as a listing shows it, fields in the order of a real server's; pool and place are the root admin's to see. */
export function volumeAnswer(site: Site, volume: VolumeRow, viewer: AccountRow): JsonObject {
  const { world } = site;
  const { description } = world;
  const admin = viewer.role === 'admin';
  const machine = volume.vmId === null || volume.state === 'Destroy' ? undefined : world.machines.get(volume.vmId);
  const offering = volume.diskOfferingId === null ? undefined : world.diskOffering(volume.diskOfferingId);
  const fromTemplate = volume.templateId !== null;
  const placed = admin && volume.placed;
  const pendingJob = site.jobs.pendingJobOf(volume.id);
  // The server counts a disk's traffic from its first attach, or its VM's first start, on (fixture vm-states).
  const counted = machine !== undefined && (volume.onStorage || volume.attached !== null);
  return {
    id: volume.id,
    name: volume.name,
    zoneid: volume.zoneId,
    zonename: description.zone.name,
    type: volume.type,
    ...(machine !== undefined && { deviceid: volume.deviceId, virtualmachineid: machine.id }),
    ...(fromTemplate && {
      templateid: description.template.id,
      templatename: description.template.name,
      templatedisplaytext: description.template.name,
    }),
    ...(machine !== undefined && {
      vmname: machine.name,
      vmdisplayname: machine.displayName,
      vmstate: machine.state,
      vmtype: 'User',
    }),
    provisioningtype: 'thin',
    size: volume.sizeBytes,
    created: apiDate(volume.created),
    state: volume.state,
    ...ownerFields(world, volume.accountId),
    domainid: description.rootDomainId,
    domain: 'ROOT',
    domainpath: 'ROOT',
    storagetype: admin ? 'shared' : undefined,
    ...(counted && { diskkbsread: 0, diskkbswrite: 0, diskioread: 0, diskiowrite: 0 }),
    hypervisor: admin ? (volume.placed ? hypervisorOf(site) : 'None') : undefined,
    diskofferingid: offering?.id,
    diskofferingname: offering?.name,
    diskofferingdisplaytext: offering?.displayText ?? offering?.name,
    storage: placed ? description.storage.name : undefined,
    attached: machine === undefined || volume.attached === null ? undefined : apiDate(volume.attached),
    destroyed: volume.state === 'Destroy' || volume.state === 'Expunging',
    ...serviceOfferingFields(site, volume),
    // The one template may not be extracted, nor the root made of it while it is one.
    isextractable: !fromTemplate || volume.type !== 'ROOT',
    displayvolume: admin ? true : undefined,
    path: placed && volume.onStorage ? (volume.path ?? volume.name) : undefined,
    storageid: placed ? description.storage.id : undefined,
    quiescevm: false,
    supportsstoragesnapshot: false,
    deleteprotection: atLeast(world.modes.version, '4.20') ? volume.deleteProtection : undefined,
    ...(placed && {
      clusterid: description.cluster.id,
      clustername: description.cluster.name,
      podid: description.pod.id,
      podname: description.pod.name,
    }),
    tags: tagsOf(world, volume.id),
    hasannotations: false,
    ...(pendingJob !== undefined && { jobid: pendingJob, jobstatus: 0 }),
  };
}

/** Of a root that was made with its VM, also after it was detached; the id is the internal one (fixture vm-states). */
function serviceOfferingFields({ world }: Site, { serviceOfferingId }: VolumeRow): JsonObject {
  const index = world.description.serviceOfferings.findIndex((each) => each.id === serviceOfferingId);
  const offering = world.description.serviceOfferings[index];
  if (offering === undefined) return {};
  return {
    serviceofferingid: String(index + 1),
    serviceofferingname: offering.name,
    serviceofferingdisplaytext: offering.displayText ?? offering.name,
  };
}

/** The hypervisor of the pool's cluster: one kind per simulated site. */
function hypervisorOf(site: Site): string {
  return site.world.description.machines[0]?.hypervisor ?? 'KVM';
}

/** How the server's messages name a volume (VolumeVO.toString). */
export function volumeText(site: Site, volume: VolumeRow): string {
  const instanceId = volume.vmId === null ? null : site.world.machine(volume.vmId).number;
  const fields = { id: volume.number, instanceId, name: volume.name, uuid: volume.id, volumeType: volume.type };
  return `Volume ${JSON.stringify(fields)}`;
}
