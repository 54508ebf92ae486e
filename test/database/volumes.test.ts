import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Tx } from '../../database/database';
import { type FreshDatabase, withFreshDatabase } from '../support/mariadb';
import { aVm, aVolume } from './builders';

let db: FreshDatabase;

beforeAll(async () => {
  db = await withFreshDatabase();
});

afterAll(async () => {
  await db.drop();
});

const within = <T>(work: (tx: Tx) => Promise<T>) => db.repositories.database.transaction(work);
const volumes = () => db.repositories.volumes;

describe('the record of a volume', () => {
  test('is added once; another of the same id is a conflict that shows both', async () => {
    const volume = aVolume({ backingUuid: 'disk-uuid' });
    await within((tx) => volumes().add(tx, volume));
    await within((tx) => volumes().add(tx, volume));
    expect(await volumes().get(volume.volumeId)).toEqual({ ...volume, copyBegun: false, generation: 1 });
    const other = within((tx) => volumes().add(tx, { ...volume, createdByFirstRunId: 'another run' }));
    await expect(other).rejects.toMatchObject({
      name: 'RowConflictError',
      wanted: expect.stringContaining('another run'),
      found: expect.stringContaining(volume.createdByFirstRunId),
    });
  });

  test('of several at the same time is added once', async () => {
    const volume = aVolume();
    await Promise.all([1, 2, 3].map(() => within((tx) => volumes().add(tx, volume))));
    expect(await volumes().ofVm(volume)).toHaveLength(1);
  });

  test('keeps that a copy has begun, and every change may be repeated', async () => {
    const volume = aVolume();
    await within((tx) => volumes().add(tx, volume));
    for (const _ of [1, 2]) {
      await within((tx) => volumes().beginCopy(tx, volume.volumeId));
      await within((tx) => volumes().setVerified(tx, volume.volumeId, 'sha256-1GiB:abc'));
      await within((tx) => volumes().keep(tx, volume.volumeId, 'a copy has begun'));
    }
    expect(await volumes().get(volume.volumeId)).toMatchObject({
      copyBegun: true,
      verifiedHash: 'sha256-1GiB:abc',
      verifiedAt: expect.stringMatching(/Z$/),
      keptBecause: 'a copy has begun',
    });
    await within((tx) => volumes().setVerified(tx, volume.volumeId, undefined));
    const torn = await volumes().get(volume.volumeId);
    expect(torn).not.toHaveProperty('verifiedHash');
    expect(torn).not.toHaveProperty('verifiedAt');
  });

  test('raises its generation by one, also from two sides at once', async () => {
    const volume = aVolume();
    await within((tx) => volumes().add(tx, volume));
    const raised = await Promise.all([1, 2].map(() => within((tx) => volumes().raiseGeneration(tx, volume.volumeId))));
    expect(raised.sort()).toEqual([2, 3]);
  });

  test('stays when the volume is gone, with the time at which that was first seen, but not among the VM’s volumes', async () => {
    const vm = aVm();
    const [second, first] = [aVolume({ ...vm, diskKey: 2001 }), aVolume({ ...vm, diskKey: 2000 })];
    for (const volume of [second, first]) await within((tx) => volumes().add(tx, volume));
    expect((await volumes().ofVm(vm)).map((volume) => volume.diskKey)).toEqual([2000, 2001]);
    await within((tx) => volumes().markGone(tx, first.volumeId));
    const gone = await volumes().get(first.volumeId);
    await within((tx) => volumes().markGone(tx, first.volumeId));
    expect(await volumes().get(first.volumeId)).toEqual(gone);
    expect(gone?.goneAt).toMatch(/Z$/);
    expect((await volumes().ofVm(vm)).map((volume) => volume.volumeId)).toEqual([second.volumeId]);
  });

  test('that is not there cannot be changed', async () => {
    for (const change of [
      (tx: Tx) => volumes().beginCopy(tx, randomUUID()),
      (tx: Tx) => volumes().setVerified(tx, randomUUID(), 'x'),
      (tx: Tx) => volumes().raiseGeneration(tx, randomUUID()),
      (tx: Tx) => volumes().keep(tx, randomUUID(), 'x'),
      (tx: Tx) => volumes().markGone(tx, randomUUID()),
    ]) {
      await expect(within<unknown>(change)).rejects.toMatchObject({ name: 'RowMissingError' });
    }
    expect(await volumes().get(randomUUID())).toBeUndefined();
  });
});

describe('the volume of a disk', () => {
  const disks = () => db.repositories.disks;

  test('is set, replaced, and removed only while it is that volume', async () => {
    const vm = aVm();
    const boot = { ...vm, diskKey: 2000, volumeId: randomUUID(), backingUuid: 'b', boot: true };
    const data = { ...vm, diskKey: 2001, volumeId: randomUUID(), boot: false };
    for (const disk of [data, boot, boot]) await within((tx) => disks().set(tx, disk));
    expect(await disks().ofVm(vm)).toEqual([boot, data]);

    const replaced = { ...data, volumeId: randomUUID() };
    await within((tx) => disks().set(tx, replaced));
    await within((tx) => disks().remove(tx, vm, 2001, data.volumeId));
    expect(await disks().ofVm(vm)).toEqual([boot, replaced]);
    await within((tx) => disks().remove(tx, vm, 2001, replaced.volumeId));
    await within((tx) => disks().remove(tx, vm, 2001, replaced.volumeId));
    expect(await disks().ofVm(vm)).toEqual([boot]);
  });

  test('belongs to one disk: another that claims it is a conflict, and neither row changes', async () => {
    const [one, other] = [aVm(), aVm()];
    const disk = { ...one, diskKey: 2000, volumeId: randomUUID(), boot: true };
    const rival = { ...other, diskKey: 2005, volumeId: randomUUID(), boot: true };
    await within((tx) => disks().set(tx, disk));
    await within((tx) => disks().set(tx, rival));
    await expect(within((tx) => disks().set(tx, { ...rival, volumeId: disk.volumeId }))).rejects.toMatchObject({
      name: 'RowConflictError',
      found: expect.stringContaining(one.sourceVmId),
      wanted: expect.stringContaining('disk 2005'),
    });
    expect([await disks().ofVm(one), await disks().ofVm(other)]).toEqual([[disk], [rival]]);
  });

  test('is set once when two set it at the same time', async () => {
    const disk = { ...aVm(), diskKey: 2000, volumeId: randomUUID(), boot: true };
    await Promise.all([1, 2, 3].map(() => within((tx) => disks().set(tx, disk))));
    expect(await disks().ofVm(disk)).toEqual([disk]);
  });
});
