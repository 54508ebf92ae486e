import type { AccountRow, JsonObject, VolumeRow } from '../rows';
import type { Site } from '../call';
import { apiDate } from './dates';
import { tagsOf } from './tags';

/** A volume as a listing shows it, fields in the order of a real server's; pool and place are the root admin's to see. */
export function volumeAnswer(site: Site, volume: VolumeRow, viewer: AccountRow): JsonObject {
  const { world } = site;
  const { description } = world;
  const admin = viewer.role === 'admin';
  const machine = volume.vmId === null || volume.state === 'Destroy' ? undefined : world.machines.get(volume.vmId);
  const offering = volume.diskOfferingId === null ? undefined : world.diskOffering(volume.diskOfferingId);
  const fromTemplate = volume.diskOfferingId === null;
  const placed = admin && volume.placed;
  const pendingJob = site.jobs.pendingJobOf(volume.id);
  const plugged = machine !== undefined && volume.onStorage;
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
      vmdisplayname: machine.name,
      vmstate: machine.state,
      vmtype: 'User',
    }),
    provisioningtype: 'thin',
    size: volume.sizeBytes,
    created: apiDate(volume.created),
    state: volume.state,
    account: world.account(volume.accountId).name,
    domainid: description.rootDomainId,
    domain: 'ROOT',
    domainpath: 'ROOT',
    storagetype: admin ? 'shared' : undefined,
    ...(plugged && { diskkbsread: 0, diskkbswrite: 0, diskioread: 0, diskiowrite: 0 }),
    hypervisor: admin ? (volume.placed ? hypervisorOf(site) : 'None') : undefined,
    diskofferingid: offering?.id,
    diskofferingname: offering?.name,
    diskofferingdisplaytext: offering?.displayText ?? offering?.name,
    storage: placed ? description.storage.name : undefined,
    attached: machine === undefined || volume.attached === null ? undefined : apiDate(volume.attached),
    destroyed: volume.state === 'Destroy' || volume.state === 'Expunging',
    isextractable: !fromTemplate,
    displayvolume: admin ? true : undefined,
    path: placed && volume.onStorage ? volume.name : undefined,
    storageid: placed ? description.storage.id : undefined,
    quiescevm: false,
    supportsstoragesnapshot: false,
    deleteprotection: volume.deleteProtection,
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
