import { join } from 'node:path';
import { devicePath } from '../../../domain/device-path';
import { byIdLinkNames, type SourceVmKey } from '../../../domain/names';
import { contentDigest } from '../../../simulator/content-digest';
import { demoApplianceId } from '../../../stack/local-stack';
import type { FailoverWorld } from '../../support/failover-world';
import type { SimulatedWorld } from '../../support/simulator-control';
import { isQuiesced } from './proof-hooks';
import { type Census, takeCensus } from '../../support/take-census';

type SimulatedVolume = SimulatedWorld['volumes'][number];
type Machine = SimulatedWorld['machines'][number];

/** What is known of one volume, in CloudStack, in the guests, in the database, and what it holds. */
interface SeenDisk {
  readonly key: number;
  readonly volumeId: string;
  readonly volume: SimulatedVolume | undefined;
  readonly pluggedInto: readonly string[];
  readonly mapped: readonly string[];
  readonly verifiedHash: string | undefined;
  readonly generation: number;
  readonly digest: string;
}

/** Everything that there is, as ids and facts; `standing` says what it means. */
export interface Look {
  readonly disks: readonly SeenDisk[];
  /** VMs that the world has not of itself */
  readonly machines: readonly Machine[];
  readonly live: { readonly failoverVmId: string } | undefined;
  /** volumes in CloudStack that are neither replicas nor the world's own; with why the database keeps them */
  readonly others: readonly { readonly volume: SimulatedVolume; readonly keptKey: number | undefined }[];
  readonly completePoints: readonly string[];
  /** points that could not be removed yet, with what is there of them: the next run removes them */
  readonly removing: readonly string[];
  /** snapshots that no point has, and those of points that are not there */
  readonly strays: readonly string[];
  readonly claims: readonly string[];
  readonly doubles: readonly string[];
  readonly census: Census;
  /** as its hooks were told last */
  readonly sourceIsQuiesced: boolean;
}

/** Looks at the whole world once. */
export async function look(world: FailoverWorld, vm: SourceVmKey): Promise<Look> {
  const { repositories, counted } = world;
  const simulated = await world.control.world();
  const own = counted.ownThings();
  const replicas = (await repositories.disks.ofVm(vm)).sort((a, b) => a.diskKey - b.diskKey);
  const disks = await Promise.all(replicas.map(({ diskKey, volumeId }) => lookAt(world, simulated, diskKey, volumeId)));
  const strangers = simulated.volumes.filter(
    ({ id }) => !own.has(id) && !replicas.some(({ volumeId }) => volumeId === id),
  );
  const others = await Promise.all(
    strangers.map(async (volume) => {
      const record = await repositories.volumes.get(volume.id);
      return { volume, keptKey: record?.keptBecause === undefined ? undefined : record.diskKey };
    }),
  );
  const recorded = await repositories.points.ofVm(vm);
  const points = recorded.filter(({ state }) => state === 'complete');
  const removing = recorded.filter(({ state }) => state === 'removing');
  const beingRemoved = new Set(removing.flatMap(({ snapshots }) => snapshots.map(({ snapshotId }) => snapshotId)));
  const ofPoints = points.flatMap(({ id, snapshots }) =>
    snapshots.map(({ snapshotId, goneAt }) => ({ pointId: id, snapshotId: goneAt === undefined ? snapshotId : '?' })),
  );
  const listed = simulated.snapshots.filter(({ id }) => !beingRemoved.has(id));
  const claims = await counted.database.query<{ name: string }>(
    'SELECT workflow_id AS name FROM vm_claims WHERE workflow_id IS NOT NULL',
  );
  const doubles = await counted.database.query<{ name: string }>(
    'SELECT device_path AS name FROM device_mappings GROUP BY device_path HAVING COUNT(*) > 1',
  );
  return {
    disks,
    machines: simulated.machines.filter(({ id }) => !own.has(id)),
    live: await repositories.failovers.liveOf(vm),
    others,
    completePoints: points.map(({ id }) => id),
    removing: removing.map(({ id, purpose }) => `${purpose} point ${id}`),
    strays: [
      ...listed
        .filter(({ id, state }) => state !== 'BackedUp' || !ofPoints.some(({ snapshotId }) => snapshotId === id))
        .map(({ id, state }) => `snapshot ${id} (${state}) of no complete point`),
      ...ofPoints
        .filter(({ snapshotId }) => !listed.some(({ id }) => id === snapshotId))
        .map(({ pointId, snapshotId }) => `complete point ${pointId} without its snapshot ${snapshotId ?? '?'}`),
    ],
    claims: claims.map(({ name }) => name),
    doubles: doubles.map(({ name }) => name),
    census: await takeCensus(counted, vm),
    sourceIsQuiesced: await isQuiesced(world.stack.folder.directory),
  };
}

async function lookAt(
  { stack, repositories }: FailoverWorld,
  { volumes, machines }: SimulatedWorld,
  key: number,
  volumeId: string,
): Promise<SeenDisk> {
  const record = await repositories.volumes.get(volumeId);
  const mapping = await repositories.mappings.ofVolume(volumeId);
  return {
    key,
    volumeId,
    volume: volumes.find(({ id }) => id === volumeId),
    pluggedInto: machines.filter(({ plugged }) => plugged.includes(volumeId)).map(({ id }) => id),
    mapped:
      mapping === undefined
        ? []
        : [`${mapping.role} on ${mapping.vmId}`, ...faultsOfMapping(mapping, volumeId, machines)],
    verifiedHash: record?.verifiedAt === undefined ? undefined : record.verifiedHash,
    generation: record?.generation ?? -1,
    digest: await contentDigest(join(stack.folder.path('simulator', 'volumes'), `${volumeId}.raw`)),
  };
}

/** What is wrong with a mapping whatever VM it is on: a path that is not its own, a device that its guest does not show. */
function faultsOfMapping(
  mapping: { readonly devicePath: string; readonly vmId: string; readonly deviceNode?: string },
  volumeId: string,
  machines: readonly Machine[],
): string[] {
  const faults: string[] = [];
  if (mapping.devicePath !== devicePath(mapping.vmId, volumeId)) faults.push(`under ${mapping.devicePath}`);
  if (mapping.vmId !== demoApplianceId) return faults;
  const shown = machines.find(({ id }) => id === demoApplianceId)?.devices.flatMap(({ links }) => links) ?? [];
  const names = byIdLinkNames(volumeId).filter((name) => shown.includes(name));
  if (!names.some((name) => mapping.deviceNode?.endsWith(`/${name}`))) {
    faults.push(`as ${mapping.deviceNode ?? 'no device'}, which the appliance does not show`);
  }
  return faults;
}
