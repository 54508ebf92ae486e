import { randomUUID } from 'node:crypto';
import { askStorage } from '../agent-work';
import { invalidParameter, serverFailure } from '../api-error';
import { compactDate } from '../answers/dates';
import { snapshotAnswer } from '../answers/snapshot';
import { volumeOf } from '../call';
import type { Call, Command } from '../call';
import { ServerStopped } from '../lifetime';
import type { SnapshotRow, VolumeRow } from '../rows';
import { checkReady, checkSnapshotPossible } from '../snapshot-checks';
import { keepVolume } from '../snapshot-files';

/**
 * createSnapshot: the row is there when this answers. An attached volume waits in its VM's queue and its snapshot is `BackedUp` when
 * the job ends; of a detached one the job ends while it is still `Allocated` (fixture snapshot-revert-detached). Its bytes are kept
 * before the job ends in both cases.
 */
export const createSnapshot: Command = {
  name: 'createSnapshot',
  parameters: {
    volumeid: { type: 'id', entity: 'Volume', required: true },
    name: { type: 'text', field: 'snapshotName' },
    account: { type: 'text' },
    domainid: { type: 'id', entity: 'Domain' },
    asyncbackup: { type: 'flag' },
    quiescevm: { type: 'flag' },
    tags: { type: 'map' },
    customjobid: { type: 'text' },
  },
  run(call) {
    const volume = volumeOf(call, 'volumeid');
    checkSnapshotPossible(call, volume);
    const { id } = allocate(call, volume);
    const job = call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: 'org.apache.cloudstack.api.command.user.snapshot.CreateSnapshotCmd',
      instanceType: 'Snapshot',
      instanceId: id,
      work: async () => {
        const { vmId } = call.world.volume(volume.id);
        if (vmId === null) await takeOfDetached(call, id);
        else await call.jobs.inQueueOf(vmId, () => takeOfAttached(call, id));
        return { snapshot: { ...snapshotAnswer(call.world, call.world.snapshot(id)), snapshottype: 'MANUAL' } };
      },
    });
    return { id, ...job };
  },
};

function allocate({ world, arguments: given }: Call, volume: VolumeRow): SnapshotRow {
  const now = Date.now();
  const holder = volume.vmId === null ? 'detached' : world.machine(volume.vmId).name;
  const snapshot = world.snapshots.put({
    id: randomUUID(),
    number: world.nextNumber('snapshot'),
    name: given.text('name') ?? `${holder}_${volume.name}_${compactDate(now)}`,
    accountId: volume.accountId,
    zoneId: volume.zoneId,
    volumeId: volume.id,
    state: 'Allocated',
    sizeBytes: volume.sizeBytes,
    created: now,
    removed: null,
  });
  for (const [key, value] of given.pairs('tags')) {
    world.putTag({
      ...{ id: `${snapshot.id}/${key}`, resourceType: 'Snapshot', resourceId: snapshot.id },
      ...{ accountId: snapshot.accountId, key, value },
    });
  }
  return snapshot;
}

async function takeOfAttached(call: Call, id: string): Promise<void> {
  setState(call, id, 'Creating');
  await take(call, id);
  setState(call, id, 'BackingUp');
  if (call.arguments.flag('asyncbackup') === true) void backUpLater(call, id);
  else await backUp(call, id);
}

async function takeOfDetached(call: Call, id: string): Promise<void> {
  await take(call, id);
  void backUpLater(call, id);
}

/** The storage makes its copy; the volume is `Snapshotting` meanwhile. */
async function take(call: Call, id: string): Promise<void> {
  const { world, faults } = call;
  const { volumeId } = world.snapshot(id);
  const volume = world.volume(volumeId);
  try {
    if (volume.removed !== null) {
      throw invalidParameter(`Creating snapshot failed due to volume:${String(volume.number)} doesn't exist`);
    }
    checkReady(call, volume);
  } catch (error) {
    setState(call, id, 'Error');
    throw error;
  }
  world.volumes.put({ ...volume, state: 'Snapshotting' });
  const refusal = await askStorage(call, 'CreateObjectCommand', world.timings.snapshotMs + faults.delayMs('work'));
  const reason = faults.get('fail-job')?.text ?? refusal?.details;
  const failed =
    reason === undefined ? await kept(call, volume, id) : serverFailure(`${internalError(volume)}; ${reason}`);
  world.volumes.put({ ...world.volume(volumeId), state: 'Ready' });
  if (failed === undefined) return;
  setState(call, id, 'Error');
  throw failed;
}

/** Keeps the volume's bytes. Answers what went wrong, e.g. a full disk. @throws ServerStopped */
async function kept(call: Call, volume: VolumeRow, id: string): Promise<Error | undefined> {
  try {
    await keepVolume(call, volume, id);
    return undefined;
  } catch (error) {
    if (error instanceof ServerStopped) throw error;
    return serverFailure(`${internalError(volume)}; ${String(error)}`);
  }
}

function internalError(volume: VolumeRow): string {
  return `Failed to create snapshot due to an internal error creating snapshot for volume ${volume.id}`;
}

async function backUp(call: Call, id: string): Promise<void> {
  await call.lifetime.wait(call.world.timings.backupMs);
  const snapshot = call.world.snapshots.get(id);
  if (snapshot?.removed === null) call.world.snapshots.put({ ...snapshot, state: 'BackedUp' });
}

/** Nobody waits for this one; an end of the server leaves it to the clean-up at the next start. */
async function backUpLater(call: Call, id: string): Promise<void> {
  try {
    await backUp(call, id);
  } catch (error) {
    if (!(error instanceof ServerStopped)) throw error;
  }
}

function setState({ world }: Call, id: string, state: SnapshotRow['state']): void {
  world.snapshots.put({ ...world.snapshot(id), state });
}
