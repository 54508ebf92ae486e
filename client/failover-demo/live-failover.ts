import { demoApplianceId } from '../../stack/local-stack';
import { type Contents, expectContents, readContents } from './contents';
import { followRun } from './follow-run';
import type { Player } from './player';
import type { Volumes } from './replicate';
import type { Scene } from './scene';
import type { Stage } from './stage';

/** A VM that is failed over. */
export interface LiveVm {
  readonly vmId: string;
  /** what its disks hold since its guest has written */
  readonly written: Contents;
}

/** The replicas become the disks of a VM that comes up, and its guest writes to each of them. */
export async function liveFailover(scene: Scene, stage: Stage, player: Player, volumes: Volumes): Promise<LiveVm> {
  const { failovers, narrator, expectations, simulator } = scene;
  const name = player.vmName('live');
  const source = await player.contents();
  await simulator.expectBoot(name, source.get(player.boot.key) ?? 'nothing');
  const started = await failovers.start(player.failover('live'));
  const end = failovers.result(player.key, started);
  await followRun(scene, player, { ask: () => failovers.state(player.key), end });
  const { state, failoverVm, disks } = await end;
  expectations.same(`${player.name}: is failed over`, [state], ['failed_over']);
  // CloudStack leaves device 3 out: it is the CD-ROM's.
  const devices = disks.map(({ deviceId }) => deviceId ?? -1);
  expectations.hold(
    `${player.name}: the boot disk is the root of the live VM, the others follow in key order`,
    devices[0] === 0 && devices.every((device, index) => index === 0 || device > (devices[index - 1] ?? device)),
    `devices ${devices.join(', ')} for disks ${disks.map(({ key }) => key).join(', ')}`,
  );
  const machine = (await simulator.world()).machines.find(({ id }) => id === failoverVm?.id);
  expectations.hold(
    `${player.name}: the live VM comes up, its root holds the bytes of the source`,
    machine?.boot.up === true,
    machine?.boot.reason ?? `no VM ${name}`,
  );
  const vmId = machine?.id ?? '';
  narrator.event(`the VM ${name} (${vmId}) is up: ${machine?.boot.reason ?? ''}`, player.name);
  stage.hashes(expectContents(scene, player, await readContents(scene, volumes), source, 'the bytes of the source'));
  for (const [disk, volumeId] of volumes) {
    const text = `${player.name} wrote this to disk ${String(disk)} on its own`;
    await simulator.guestWrites({ vmId, volumeId, offsetBytes: WRITTEN_AT, text });
  }
  const written = await readContents(scene, volumes);
  for (const [disk, content] of written) {
    const what = `${player.name}: the guest has written to disk ${String(disk)}`;
    expectations.hold(what, content !== source.get(disk), 'the bytes of the source');
  }
  narrator.event(`the guest has written to all ${String(volumes.size)} disks`, player.name);
  return { vmId, written };
}

/** The VM is taken off its disks, which come back with all that it wrote, and with a recovery point of it. */
export async function failback(
  scene: Scene,
  stage: Stage,
  player: Player,
  volumes: Volumes,
  { vmId, written }: LiveVm,
): Promise<void> {
  const { failovers, narrator, expectations, simulator, records } = scene;
  const started = await failovers.startBack(player.failback());
  const end = failovers.result(player.key, started);
  await followRun(scene, player, { ask: () => failovers.state(player.key), end });
  const { state, pointId } = await end;
  expectations.same(`${player.name}: is taken back`, [state], ['returned']);
  const { machines, volumes: listed } = await simulator.world();
  const left = machines.find(({ id }) => id === vmId);
  expectations.hold(
    `${player.name}: the live VM is gone`,
    left === undefined,
    `${left?.name ?? ''} is ${left?.state ?? ''}`,
  );
  expectations.same(
    `${player.name}: its replicas are on the appliance again`,
    [...volumes.values()].filter(
      (id) => listed.find((volume) => volume.id === id)?.virtualMachineId === demoApplianceId,
    ),
    [...volumes.values()],
  );
  stage.hashes(expectContents(scene, player, await readContents(scene, volumes), written, 'what the guest wrote'));
  const [latest] = await failovers.points(player.key);
  expectations.same(
    `${player.name}: what the guest wrote is a recovery point`,
    [latest?.id ?? 'none', latest?.purpose ?? 'none', latest?.state ?? 'none'],
    [pointId ?? 'one', 'back', 'complete'],
  );
  const generations = await Promise.all([...volumes.values()].map((id) => records.volumes.get(id)));
  const raised = generations.map((volume) => volume?.generation ?? 0);
  const unverified = generations.every((volume) => volume?.verifiedHash === undefined);
  expectations.hold(
    `${player.name}: what was verified before the guest wrote counts for nothing now`,
    unverified && raised.every((generation) => generation > 1),
    `generations ${raised.join(', ')}, ${unverified ? 'none' : 'some'} verified`,
  );
  narrator.event(
    `kept as recovery point ${latest?.id ?? ''}; the volumes are of generation ${String(Math.max(...raised))}, so the next replication is a full copy`,
    player.name,
  );
}

/** In the free space of every disk's filesystem. */
const WRITTEN_AT = 700_000_000;
