import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Failpoint } from '../../activities/effect';
import { failoverWorkflowId, volumeTagKeys } from '../../domain/names';
import { type ActivityWorld, type Actor, startActivityWorld } from '../support/activity-world';
import { failing } from '../support/failing';
import { commitFailoverInput, commitRevertInput, replicasNow } from '../support/failover-commits';
import { FailoverJourney } from '../support/failover-journey';
import { attachInputs, FAILOVER_VM_NAME } from '../support/failover-vm-inputs';
import type { Journey } from '../support/journey';

let world: ActivityWorld;
let journey: FailoverJourney;
let actor: Actor;

beforeAll(async () => {
  world = await startActivityWorld();
});
afterAll(async () => {
  await world.close();
});
beforeEach(async () => {
  journey = await FailoverJourney.begin(world);
  actor = FailoverJourney.actor(world, journey);
});

const repositories = () => world.database.repositories;

/** The first and the second replica: the boot disk and a data disk. */
function replicas(): readonly [Journey, Journey] {
  const [boot, data] = journey.replicas;
  if (boot === undefined || data === undefined) throw new Error('two replicas are needed');
  return [boot, data];
}

/** Inputs for the replicas themselves on a failover VM, as a live failover has them. */
function liveInputs(failoverVmId = journey.vm.firstRunId) {
  return attachInputs(journey).map((input, index) => ({
    ...input,
    failoverVmId,
    volumeId: replicas()[index === 0 ? 0 : 1].volumeInput.volumeId,
    role: index === 0 ? ('live_root' as const) : ('live_data' as const),
  }));
}

async function unmapFromAppliance(): Promise<void> {
  for (const { volumeInput } of journey.replicas) {
    await actor.activities.unmapDevice({ ...volumeInput, mode: 'release' });
  }
}

describe('mapToVm and unmapFromVm', () => {
  test('root and data disks each have their path and role, and no node; the line is logged once for each', async () => {
    await unmapFromAppliance();
    const failoverVmId = randomUUID();
    for (const input of [...liveInputs(failoverVmId), ...liveInputs(failoverVmId)]) {
      await actor.activities.mapToVm(input);
    }
    const rows = await repositories().mappings.list({ vmId: failoverVmId });
    const wanted = liveInputs(failoverVmId).map(({ volumeId, role, deviceId }) => ({
      devicePath: `remote-vm-${failoverVmId}-${volumeId}`,
      ...{ volumeId, role, cloudStackDeviceId: deviceId, ownerWorkflowId: failoverWorkflowId(journey.vm) },
    }));
    expect(rows).toHaveLength(2);
    for (const row of wanted) expect(rows).toContainEqual(expect.objectContaining(row));
    for (const row of rows) expect(row).not.toHaveProperty('deviceNode');
    const lines = actor.logged.filter(({ message }) => message.includes('Device mapping created successfully'));
    expect(lines.map(({ message }) => message)).toEqual(
      wanted.map(({ devicePath }) => `Device mapping created successfully device_path=${devicePath}`),
    );
  });

  test('a volume that is still mapped on the appliance: mapping-conflict, and both rows are as they were', async () => {
    const [input] = liveInputs();
    if (input === undefined) throw new Error('no disk');
    const failed = await failing(actor.activities.mapToVm(input));
    expect(failed.code).toBe('mapping-conflict');
    expect(failed.message).toContain(`volume ${input.volumeId} is mapped already`);
    expect(await repositories().mappings.ofVolume(input.volumeId)).toMatchObject({ vmId: journey.vm.applianceId });
  });

  test('an undo takes what this run mapped; what another mapped is kept, and goes with a release', async () => {
    await unmapFromAppliance();
    const [mine, others] = liveInputs();
    if (mine === undefined || others === undefined) throw new Error('two disks are needed');
    await actor.activities.mapToVm(mine);
    await actor.activities.mapToVm({ ...others, firstRunId: 'an earlier run' });
    expect(await actor.activities.unmapFromVm(mine)).toMatchObject({ outcome: 'undone' });
    expect(await actor.activities.unmapFromVm(mine)).toMatchObject({ outcome: 'nothing-to-undo' });
    const left = await actor.activities.unmapFromVm(others);
    expect(left).toMatchObject({ outcome: 'kept', reason: expect.stringContaining('another run made it') });
    expect(await repositories().mappings.ofVolume(others.volumeId)).toBeDefined();
    const released = await actor.activities.unmapFromVm({ ...others, mode: 'release' });
    expect(released).toMatchObject({ outcome: 'undone' });
    const places = await repositories().mappingHistory.ofVolume(others.volumeId);
    expect(places.map(({ role }) => role)).toEqual(['replica', 'live_data']);
    expect(places[1]?.unmappedBecause).toContain(FAILOVER_VM_NAME);
  });

  test.each(['undo', 'release'] as const)('%s: a mapping on another VM is left alone', async (mode) => {
    const [input] = liveInputs();
    if (input === undefined) throw new Error('no disk');
    expect(await actor.activities.unmapFromVm({ ...input, mode })).toMatchObject({ outcome: 'nothing-to-undo' });
    expect(await repositories().mappings.ofVolume(input.volumeId)).toMatchObject({ vmId: journey.vm.applianceId });
  });

  test('an attempt that was held up until the volume is on the appliance again leaves it mapped there', async () => {
    await unmapFromAppliance();
    const [input] = liveInputs();
    if (input === undefined) throw new Error('no disk');
    await actor.activities.mapToVm(input);
    const meanwhile: Failpoint = async (effect, side) => {
      if (effect !== 'unmapFromVm.record' || side !== 'before') return;
      await actor.activities.unmapFromVm(input);
      await actor.activities.mapDevice({ ...replicas()[0].mapInput, ...journey.vm });
    };
    const late = FailoverJourney.actor(world, journey, { failpoint: meanwhile });
    expect(await late.activities.unmapFromVm(input)).toMatchObject({ outcome: 'undone' });
    expect(await repositories().mappings.ofVolume(input.volumeId)).toMatchObject({ vmId: journey.vm.applianceId });
  });

  test('a run that lost its claim maps and unmaps nothing', async () => {
    await unmapFromAppliance();
    const [input] = liveInputs();
    if (input === undefined) throw new Error('no disk');
    const lost = FailoverJourney.actor(world, journey, { runId: 'another' });
    expect((await failing(lost.activities.mapToVm(input))).code).toBe('claim-lost');
    await actor.activities.mapToVm(input);
    expect((await failing(lost.activities.unmapFromVm(input))).code).toBe('claim-lost');
    expect(await repositories().mappings.ofVolume(input.volumeId)).toMatchObject({ vmId: input.failoverVmId });
  });
});

describe('commitFailover and commitFailback', () => {
  const generations = async () =>
    (await repositories().volumes.ofVm(journey.vm)).map(({ generation, verifiedHash }) => ({
      generation,
      verified: verifiedHash !== undefined,
    }));
  const verified = { generation: 1, verified: true };
  const written = { generation: 2, verified: false };

  test('the point of no return raises the generation of every volume once; none is verified any more', async () => {
    expect(await generations()).toEqual([verified, verified]);
    await journey.run(actor, 'commitFailover');
    await journey.run(actor, 'commitFailover');
    expect(await generations()).toEqual([written, written]);
    const { failoverVmId, pointId, volumes } = commitFailoverInput(journey);
    const { applianceId, firstRunId } = journey.vm;
    const live = { failoverVmId, failoverVmName: FAILOVER_VM_NAME, pointId, volumes, applianceId, firstRunId };
    expect(await repositories().failovers.liveOf(journey.vm)).toMatchObject(live);
    expect(actor.logged.filter(({ message }) => message.startsWith('Point of no return'))).not.toEqual([]);
  });

  test('a VM that is failed over to another VM already: nothing changes', async () => {
    await journey.run(actor, 'commitFailover');
    const before = await replicasNow(journey);
    const rival = { ...commitFailoverInput(journey), failoverVmId: randomUUID() };
    expect((await failing(actor.activities.commitFailover(rival))).code).toBe('internal');
    expect(await replicasNow(journey)).toEqual(before);
  });

  test('a volume that nobody knows: all or nothing', async () => {
    const before = await replicasNow(journey);
    const { volumes, ...input } = commitFailoverInput(journey);
    const unknown = { diskKey: 2002, volumeId: randomUUID() };
    await failing(actor.activities.commitFailover({ ...input, volumes: [...volumes, unknown] }));
    expect(await replicasNow(journey)).toEqual(before);
    expect(await repositories().failovers.liveOf(journey.vm)).toBeUndefined();
  });

  test('a run that lost its claim passes nothing', async () => {
    const before = await replicasNow(journey);
    const lost = FailoverJourney.actor(world, journey, { runId: 'another' });
    expect((await failing(journey.run(lost, 'commitFailover'))).code).toBe('claim-lost');
    expect(await replicasNow(journey)).toEqual(before);
  });

  test('the way back ends it; the volumes stay unverified, and a replication may begin', async () => {
    await journey.run(actor, 'commitFailover');
    await actor.activities.commitFailback({ ...commitFailoverInput(journey), failoverVmId: randomUUID() });
    expect(await repositories().failovers.liveOf(journey.vm)).toBeDefined();
    await journey.run(actor, 'commitFailback');
    await journey.run(actor, 'commitFailback');
    expect(await repositories().failovers.liveOf(journey.vm)).toBeUndefined();
    expect(await generations()).toEqual([written, written]);
    await actor.activities.endClaim(journey.vm);
    const next = world.actor({ ...journey.vm, firstRunId: randomUUID() });
    await next.activities.claimVm({ ...next.vm, kind: 'replication' });
  });
});

describe('commitRevert and beginCopy of what it put in place', () => {
  beforeEach(async () => {
    journey.restorePurpose = 'revert';
    await journey.runThrough(actor, 'restoreVolume');
  });

  /** What the journey made from the point for a replica. */
  const restoredFor = ({ volumeInput }: Journey) => {
    const volumeId = journey.restored.get(volumeInput.diskKey) ?? '';
    return { ...volumeInput, ...journey.vm, volumeId };
  };

  test('the new volumes stand for the disks, verified with the hashes of the point; the old ones say why they are kept', async () => {
    const [boot] = replicas();
    await world.database.query("UPDATE vm_disks SET backing_uuid = 'a disk' WHERE volume_id = ?", [
      boot.volumeInput.volumeId,
    ]);
    await journey.run(actor, 'commitRevert');
    const { disks, volumes } = repositories();
    expect(await disks.ofVm(journey.vm)).toMatchObject([
      { diskKey: 2000, boot: true, volumeId: journey.restored.get(2000), backingUuid: 'a disk' },
      { diskKey: 2001, boot: false, volumeId: journey.restored.get(2001) },
    ]);
    for (const replica of journey.replicas) {
      const { volumeId } = replica.volumeInput;
      const former = await volumes.get(volumeId);
      const hash = journey.point?.snapshots.find((snapshot) => snapshot.volumeId === volumeId)?.hash;
      expect(hash).toMatch(/^sha256-1GiB:/);
      expect(await volumes.get(restoredFor(replica).volumeId)).toMatchObject({ copyBegun: true, verifiedHash: hash });
      expect(former?.keptBecause).toContain(`recovery point ${journey.pointId ?? '?'}`);
      expect(former?.keptBecause).toMatch(new RegExp(`diskferry release \\S+ --delete-volumes ${volumeId}$`));
    }
  });

  test('a snapshot of what was not verified: the volume stands for its disk, not verified', async () => {
    const { disks, ...input } = commitRevertInput(journey);
    await actor.activities.commitRevert({ ...input, disks: disks.map(({ hash: _hash, ...disk }) => disk) });
    for (const replica of journey.replicas) {
      const record = await repositories().volumes.get(restoredFor(replica).volumeId);
      expect(record).toMatchObject({ copyBegun: true });
      expect(record).not.toHaveProperty('verifiedHash');
    }
  });

  test('one volume that nobody knows: no disk is swapped', async () => {
    const before = await replicasNow(journey);
    const { disks, ...input } = commitRevertInput(journey);
    const [boot, data] = disks;
    if (boot === undefined || data === undefined) throw new Error('two disks are needed');
    const broken = { ...input, disks: [boot, { ...data, newVolumeId: randomUUID() }] };
    expect((await failing(actor.activities.commitRevert(broken))).code).toBe('internal');
    expect(await replicasNow(journey)).toEqual(before);
  });

  test('beginCopy marks what keeps its verified state; without the word it is torn', async () => {
    await journey.run(actor, 'commitRevert');
    const restored = restoredFor(replicas()[0]);
    const record = () => repositories().volumes.get(restored.volumeId);
    const before = await record();
    for (const _ of [1, 2]) await actor.activities.beginCopy({ ...restored, keepsVerified: true });
    expect(await record()).toEqual(before);
    expect(before?.verifiedHash).toMatch(/^sha256-1GiB:/);
    const listed = (await world.control.world()).volumes.find(({ id }) => id === restored.volumeId);
    expect(listed).toMatchObject({ deleteProtection: true, tags: { [volumeTagKeys.data]: 'begun' } });
    await actor.activities.beginCopy(restored);
    expect(await record()).not.toHaveProperty('verifiedHash');
  });

  test('what became a replica is kept by the undo of its restore', async () => {
    await journey.run(actor, 'commitRevert');
    const outcomes = await journey.undo(actor, 'deleteRestoredVolume');
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['kept', 'kept']);
  });
});
