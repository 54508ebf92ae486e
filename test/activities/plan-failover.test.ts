import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { PlanFailoverInput, PlanFailoverOutput, PointPurpose } from '../../domain/failover-io';
import { failoverWorkflowId } from '../../domain/names';
import { GIB } from '../../domain/sizes';
import type { VmRef } from '../../domain/step-io';
import { type ActivityWorld, type Actor, startActivityWorld } from '../support/activity-world';
import { failing } from '../support/failing';

let world: ActivityWorld;
let vm: VmRef;
let actor: Actor;

beforeAll(async () => {
  world = await startActivityWorld();
});
afterAll(async () => {
  await world.close();
});
beforeEach(async () => {
  vm = await world.begin();
  actor = world.actor(vm, { workflowId: failoverWorkflowId(vm) });
});

const repositories = () => world.database.repositories;
const plan = (parts: Partial<PlanFailoverInput> = {}): Promise<PlanFailoverOutput> =>
  actor.activities.planFailover({ ...vm, kind: 'test', ...parts });
const of = () => ({ site: vm.site, sourceId: vm.sourceId, sourceVmId: vm.sourceVmId });
const nameOf = (diskKey: number) => `diskferry-pgtest1-${String(diskKey)}`;

interface ReplicaParts {
  readonly diskKey: number;
  readonly boot?: boolean;
  /** false: a copy has begun and was never verified */
  readonly verified?: boolean;
}

/** A replica as createVolume, beginCopy and verifyDisk leave its rows. */
async function replica({ diskKey, boot = false, verified = true }: ReplicaParts): Promise<string> {
  const { database, volumes, disks } = repositories();
  const volumeId = randomUUID();
  const made = { createdByWorkflowId: 'replicate-vm/x', createdByFirstRunId: 'x' };
  await database.transaction(async (tx) => {
    await volumes.add(tx, { ...of(), volumeId, volumeName: nameOf(diskKey), diskKey, sizeBytes: 2 * GIB, ...made });
    await volumes.beginCopy(tx, volumeId);
    if (verified) await volumes.setVerified(tx, volumeId, `sha256-1GiB:${String(diskKey)}`);
    await disks.set(tx, { ...of(), diskKey, volumeId, boot });
  });
  return volumeId;
}

interface PointParts {
  readonly purpose?: PointPurpose;
  readonly state?: 'taking' | 'complete' | 'removing';
}

/** A recovery point of these volumes; complete unless it is being taken or removed. */
async function point(
  volumes: readonly { readonly diskKey: number; readonly volumeId: string; readonly boot?: boolean }[],
  { purpose = 'cycle', state = 'complete' }: PointParts = {},
): Promise<string> {
  const { database, points } = repositories();
  const id = randomUUID();
  const disks = volumes.map(({ diskKey, volumeId, boot = diskKey === 2000 }) => ({
    ...{ diskKey, boot, volumeId, sizeBytes: 2 * GIB, generation: 1, hash: `sha256-1GiB:point-${String(diskKey)}` },
  }));
  await database.transaction(async (tx) => {
    await points.open(tx, { ...of(), id, purpose, workflowId: 'x', firstRunId: randomUUID(), disks });
    for (const { diskKey } of disks) {
      const snapshot = { snapshotId: randomUUID(), snapshotName: `diskferry-${purpose}-${String(diskKey)}` };
      await points.setSnapshot(tx, id, diskKey, snapshot);
    }
    if (state !== 'taking') await points.setState(tx, id, state);
  });
  return id;
}

async function twoReplicas(verified = true): Promise<{ diskKey: number; volumeId: string }[]> {
  const data = await replica({ diskKey: 2001, verified });
  const boot = await replica({ diskKey: 2000, boot: true });
  return [
    { diskKey: 2000, volumeId: boot },
    { diskKey: 2001, volumeId: data },
  ];
}

const FAILOVER_VM = { failoverVmId: randomUUID(), failoverVmName: 'pgtest1-failover' };

async function goLive(volumes: readonly { diskKey: number; volumeId: string }[]): Promise<void> {
  const { applianceId, firstRunId } = vm;
  const live = { ...of(), ...FAILOVER_VM, applianceId, firstRunId, pointId: randomUUID(), volumes };
  await repositories().database.transaction((tx) => repositories().failovers.goLive(tx, live));
}
const endLive = () =>
  repositories().database.transaction((tx) => repositories().failovers.endLive(tx, of(), FAILOVER_VM.failoverVmId));

describe('planFailover from replicas', () => {
  test.each(['test', 'live'] as const)('a %s: all replicas by key, verified when the oldest was', async (kind) => {
    const [boot, data] = await twoReplicas();
    await world.database.query("UPDATE volumes SET verified_at = '2026-01-02 03:04:05.678' WHERE volume_id = ?", [
      data?.volumeId,
    ]);
    await world.control.forgetRequests();
    const planned = await plan({ kind });
    const shape = (diskKey: number, isBoot: boolean) => ({
      ...{ diskKey, boot: isBoot, volumeName: nameOf(diskKey), volumeBytes: 2 * GIB, generation: 1 },
      verifiedHash: `sha256-1GiB:${String(diskKey)}`,
      verifiedAt: expect.stringMatching(/Z$/),
    });
    expect(planned).toEqual({
      replicas: [
        { ...shape(2000, true), volumeId: boot?.volumeId },
        { ...shape(2001, false), volumeId: data?.volumeId },
      ],
      verifiedAt: '2026-01-02T03:04:05.678Z',
      overridden: [],
    });
    expect(await world.control.changes()).toEqual([]);
  });

  test('a VM without replicas: never-replicated', async () => {
    expect((await failing(plan())).code).toBe('never-replicated');
  });

  test.each([
    [
      'gone',
      (volumeId: string) => world.database.query('UPDATE volumes SET gone_at = NOW(3) WHERE volume_id = ?', [volumeId]),
    ],
    ['not recorded', (volumeId: string) => world.database.query('DELETE FROM volumes WHERE volume_id = ?', [volumeId])],
  ])('a disk whose volume is %s: disk-missing names both', async (what, lose) => {
    const [, data] = await twoReplicas();
    await lose(data?.volumeId ?? '');
    const failed = await failing(plan({ allowUnverified: 'whatever' }));
    expect(failed).toMatchObject({ code: 'disk-missing', failureClass: 'refused' });
    for (const named of ['Disk 2001', data?.volumeId ?? '?', what]) expect(failed.message).toContain(named);
  });

  test.each([
    ['none', [false, false], 'none'],
    ['two', [true, true], '2000, 2001'],
  ] as const)('%s marked as boot disk: boot-disk-unclear', async (_what, [first, second], named) => {
    await replica({ diskKey: 2000, boot: first });
    await replica({ diskKey: 2001, boot: second });
    const failed = await failing(plan());
    expect(failed.code).toBe('boot-disk-unclear');
    expect(failed.message).toContain(named);
  });

  test.each(['test', 'live'] as const)('a %s of what is not verified: refused, or taken for a reason', async (kind) => {
    const [, data] = await twoReplicas(false);
    const failed = await failing(plan({ kind }));
    expect(failed).toMatchObject({ code: 'vm-not-verified', failureClass: 'refused' });
    expect(failed.message).toContain(`disk 2001 (volume ${data?.volumeId ?? '?'})`);
    expect(failed.message).not.toContain('disk 2000');

    const planned = await plan({ kind, allowUnverified: 'the source has burnt' });
    expect(planned.overridden).toEqual([expect.stringContaining('the source has burnt')]);
    expect(planned.overridden[0]).toContain('disk 2001');
    expect(planned).not.toHaveProperty('verifiedAt');
    expect(planned.replicas.map(({ verifiedHash }) => verifiedHash === undefined)).toEqual([false, true]);
    const logged = actor.logged.filter(({ message }) => message.includes('not verified'));
    expect(logged).toMatchObject([{ fields: { reason: 'the source has burnt', kind } }]);
  });

  test('a reason where nothing is to be overridden overrides nothing', async () => {
    await twoReplicas();
    expect((await plan({ allowUnverified: 'to be sure' })).overridden).toEqual([]);
    expect(actor.logged).toEqual([]);
  });
});

describe('planFailover from a recovery point', () => {
  test('a torn VM: the point asked for, with its own hashes; nothing is overridden', async () => {
    const volumes = await twoReplicas(false);
    const older = await point(volumes);
    const newer = await point(volumes, { purpose: 'back' });
    const planned = await plan({ from: older });
    expect(planned.point).toMatchObject({ pointId: older, purpose: 'cycle', takenAt: expect.stringMatching(/Z$/) });
    expect(planned.point?.snapshots).toEqual(
      volumes.map(({ diskKey, volumeId }) => ({
        ...{ diskKey, boot: diskKey === 2000, volumeId, sizeBytes: 2 * GIB },
        hash: `sha256-1GiB:point-${String(diskKey)}`,
        snapshotId: expect.any(String),
      })),
    );
    expect(planned.overridden).toEqual([]);
    expect((await plan({ from: 'latest-point' })).point?.pointId).toBe(newer);
  });

  test('those that are being taken or removed, and those of a test, are none', async () => {
    const volumes = await twoReplicas();
    const whole = await point(volumes);
    const test = await point(volumes, { purpose: 'test' });
    const taking = await point(volumes, { state: 'taking' });
    const removing = await point(volumes, { state: 'removing' });
    expect((await plan({ from: 'latest-point' })).point?.pointId).toBe(whole);
    for (const from of [test, taking, removing, randomUUID()]) {
      const failed = await failing(plan({ from }));
      expect(failed).toMatchObject({ code: 'point-unknown', failureClass: 'refused' });
      expect(failed.message).toContain(`it has: ${whole} (`);
    }
  });

  test('a VM without any: point-unknown says that there is none', async () => {
    await twoReplicas();
    expect((await failing(plan({ from: 'latest-point' }))).message).toContain('it has: none');
  });

  test('a replica that is gone is no obstacle: snapshots outlive their volumes', async () => {
    const volumes = await twoReplicas();
    const pointId = await point(volumes);
    await world.database.query('UPDATE volumes SET gone_at = NOW(3) WHERE volume_id = ?', [volumes[1]?.volumeId]);
    expect((await plan({ from: pointId })).point?.snapshots).toHaveLength(2);
  });

  test('a disk that came after it: disk-missing names the point', async () => {
    const pointId = await point(await twoReplicas());
    await replica({ diskKey: 2002 });
    const failed = await failing(plan({ from: pointId }));
    expect(failed.code).toBe('disk-missing');
    expect(failed.message).toContain(`Disk 2002`);
    expect(failed.message).toContain(pointId);
  });

  test('a snapshot that is gone: disk-missing, whatever the state says', async () => {
    const pointId = await point(await twoReplicas());
    const { database, points } = repositories();
    await database.transaction((tx) => points.markSnapshotGone(tx, pointId, 2001));
    expect((await failing(plan({ from: pointId }))).message).toContain('Disk 2001');
  });

  test('whose own boot disk is unclear: refused', async () => {
    const volumes = await twoReplicas();
    const pointId = await point(volumes.map((volume) => ({ ...volume, boot: true })));
    expect((await failing(plan({ from: pointId }))).code).toBe('boot-disk-unclear');
  });

  test('a revert of a torn VM: no obstacle', async () => {
    const pointId = await point(await twoReplicas(false));
    expect((await plan({ kind: 'revert', from: 'latest-point' })).point?.pointId).toBe(pointId);
  });
});

describe('planFailover of a VM that is failed over', () => {
  test.each(['test', 'live', 'revert'] as const)('a %s: refused, and named', async (kind) => {
    const volumes = await twoReplicas();
    await goLive(volumes);
    const failed = await failing(plan({ kind, from: await point(volumes) }));
    expect(failed.code).toBe('vm-failed-over');
    expect(failed.message).toContain(FAILOVER_VM.failoverVmId);
    await endLive();
  });

  test('the way back: what was moved, by key, verified or not, and where to', async () => {
    const volumes = await twoReplicas(false);
    await goLive(volumes.toReversed());
    // Nothing may change a disk's volume while the VM is failed over; what was moved counts all the same.
    const [, data] = volumes;
    const { database, disks } = repositories();
    await database.transaction((tx) => disks.remove(tx, of(), 2001, data?.volumeId ?? ''));
    await replica({ diskKey: 2001 });
    const planned = await plan({ kind: 'back' });
    expect(planned.replicas.map(({ diskKey, volumeId, boot }) => ({ diskKey, volumeId, boot }))).toEqual(
      volumes.map((volume) => ({ ...volume, boot: volume.diskKey === 2000 })),
    );
    expect(planned).toMatchObject({ overridden: [], live: { ...FAILOVER_VM, since: expect.stringMatching(/Z$/) } });
    expect(planned).not.toHaveProperty('verifiedAt');
    await endLive();
  });

  test('the way back of one that is not: vm-not-failed-over', async () => {
    await twoReplicas();
    expect((await failing(plan({ kind: 'back' }))).code).toBe('vm-not-failed-over');
  });
});
