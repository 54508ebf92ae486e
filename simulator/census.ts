import { shownBoot } from './boot';
import type { Site } from './call';
import type { JsonObject } from './rows';

/** What there is in the simulated world, for tests that count what is left over. No keys. */
export function census(site: Site): JsonObject {
  const { world, jobs, guests } = site;
  const volumes = [...world.volumes.values()].filter((volume) => volume.removed === null);
  const machines = [...world.machines.values()].filter((machine) => machine.removed === null);
  return {
    volumes: volumes.map((volume) => ({
      id: volume.id,
      name: volume.name,
      type: volume.type,
      state: volume.state,
      account: world.account(volume.accountId).name,
      sizeBytes: volume.sizeBytes,
      virtualMachineId: volume.vmId,
      deviceId: volume.deviceId,
      deleteProtection: volume.deleteProtection,
      tags: Object.fromEntries(world.tagsOf(volume.id).map((tag) => [tag.key, tag.value])),
      pendingJob: jobs.pendingJobOf(volume.id) ?? null,
    })),
    snapshots: [...world.snapshots.values()]
      .filter((snapshot) => snapshot.removed === null)
      .map(({ id, name, volumeId, state, accountId }) => ({
        ...{ id, name, volumeId, state, account: world.account(accountId).name },
        tags: Object.fromEntries(world.tagsOf(id).map((tag) => [tag.key, tag.value])),
      })),
    vmSnapshots: [...world.vmSnapshots.values()]
      .filter((snapshot) => snapshot.removed === null)
      .map(({ id, displayName, vmId, state, current }) => ({
        ...{ id, name: displayName, virtualMachineId: vmId, state, current },
      })),
    machines: machines.map((machine) => ({
      id: machine.id,
      name: machine.name,
      state: machine.state,
      boot: { ...shownBoot(machine) },
      plugged: world.plugsOf(machine.id).map((plug) => plug.volumeId),
      devices: guests.devices(machine.id),
    })),
    pendingJobs: [...world.jobs.values()]
      .filter((job) => job.status === 0)
      .map((job) => ({ id: job.id, cmd: job.javaClass, instanceId: job.instanceId })),
    timings: world.timings,
  };
}
