import type { ReplicationRequest } from '../domain/request';
import { bytesToGibUp, formatBytes } from '../domain/sizes';
import type { ReplicationPlan } from '../workflows/plan-replication';

/** What a replication would make, for people and for `--json`. */
export interface ShownPlan {
  readonly site: string;
  readonly cloudStackVersion: string;
  readonly zone: string;
  readonly diskOffering: string;
  readonly appliance: { readonly id: string; readonly name: string; readonly identity: string };
  readonly slots: { readonly needed: number; readonly free: number; readonly limit: number };
  /** names and paths hold `…` where an id is chosen only when the volume is made */
  readonly volumes: readonly {
    readonly diskKey: number;
    readonly boot: boolean;
    readonly sizeGib: number;
    /** a volume that is there and would be written over */
    readonly existingVolumeId?: string;
    readonly name: string;
    readonly devicePath: string;
    readonly source: string;
    readonly sourceBytes: number;
  }[];
}

/** Puts request and preflight together. */
export function planFor(request: ReplicationRequest, { site, appliance }: ReplicationPlan): ShownPlan {
  const existing = new Map(site.existingVolumes.map((volume) => [volume.diskKey, volume]));
  const volumes = request.disks.map((disk) => {
    const { volumeId: existingVolumeId, volumeBytes = disk.sizeBytes } = existing.get(disk.key) ?? {};
    const sourceBytes = appliance.sources.find(({ diskKey }) => diskKey === disk.key)?.sizeBytes ?? disk.sizeBytes;
    return {
      diskKey: disk.key,
      boot: disk.boot === true,
      sizeGib: bytesToGibUp(volumeBytes),
      ...(existingVolumeId !== undefined && { existingVolumeId }),
      name: `diskferry-${request.source.name}-${String(disk.key)}-…`,
      devicePath: `remote-vm-${request.appliance}-${existingVolumeId ?? '…'}`,
      source: disk.source.kind === 'nbd' ? disk.source.uri : disk.source.path,
      sourceBytes,
    };
  });
  return {
    site: request.site,
    cloudStackVersion: site.cloudStackVersion,
    zone: site.zoneName,
    diskOffering: site.diskOfferingName,
    appliance: { id: request.appliance, name: site.applianceName, identity: appliance.identity },
    slots: { needed: volumes.length - existing.size, free: site.freeSlots, limit: site.slotLimit },
    volumes,
  };
}

/** The plan as lines for people. */
export function planLines(plan: ShownPlan): string[] {
  const { appliance, slots } = plan;
  const again = plan.volumes.filter(({ existingVolumeId }) => existingVolumeId !== undefined).length;
  return [
    `Site ${plan.site}: CloudStack ${plan.cloudStackVersion}, zone ${plan.zone}, disk offering ${plan.diskOffering}`,
    `Appliance ${appliance.name} (${appliance.id}), proven by ${appliance.identity}`,
    `Slots: ${String(slots.needed)} needed, ${String(slots.free)} of ${String(slots.limit)} free`,
    ...plan.volumes.flatMap((volume) => [
      `Disk ${String(volume.diskKey)}${volume.boot ? ' (boot)' : ''}: ${
        volume.existingVolumeId === undefined ? `new volume ${volume.name}` : `volume ${volume.existingVolumeId} again`
      }, ${String(volume.sizeGib)} GiB`,
      `  from ${volume.source} (${formatBytes(volume.sourceBytes)})`,
      `  at   ${volume.devicePath}`,
    ]),
    ...(again === 0
      ? []
      : [
          `Writes over ${String(again)} ${again === 1 ? 'volume that holds' : 'volumes that hold'} data: not to be failed over while the run is at work.`,
        ]),
    'Nothing was created.',
  ];
}
