import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Tx } from '../../database/database';
import { type FreshDatabase, withFreshDatabase } from '../support/mariadb';
import { aVm } from './builders';
import { aPoint } from './failover-builders';

let db: FreshDatabase;

beforeAll(async () => {
  db = await withFreshDatabase();
});

afterAll(async () => {
  await db.drop();
});

const within = <T>(work: (tx: Tx) => Promise<T>) => db.repositories.database.transaction(work);
const points = () => db.repositories.points;
type Point = ReturnType<typeof aPoint>;
const open = (point: Point) => within((tx) => points().open(tx, point));
const setState = (id: string, state: 'complete' | 'removing' | 'gone') =>
  within((tx) => points().setState(tx, id, state));
const opened = async (parts: Partial<Point> = {}): Promise<Point> => {
  const point = aPoint(parts);
  await open(point);
  return point;
};

describe('a recovery point', () => {
  test('is opened whole, once: what was known of its volumes stays', async () => {
    const point = await opened();
    const { disks, ...row } = point;
    const stored = { ...row, state: 'taking', createdAt: expect.stringMatching(/Z$/), snapshots: disks };
    expect(await points().get(point.id)).toEqual(stored);
    await open({ ...point, purpose: 'live', disks: disks.map((disk) => ({ ...disk, generation: 9 })) });
    expect(await points().get(point.id)).toEqual(stored);
    expect(await points().get(randomUUID())).toBeUndefined();
  });

  test('of several at the same time is opened once', async () => {
    const point = aPoint();
    await Promise.all([1, 2, 3].map(() => open(point)));
    expect((await points().get(point.id))?.snapshots).toHaveLength(2);
  });

  test('of volumes that a guest may have written knows no hash of them', async () => {
    const disk = { diskKey: 2000, boot: true, volumeId: randomUUID(), sizeBytes: 1, generation: 2 };
    const point = await opened({ disks: [disk] });
    expect((await points().get(point.id))?.snapshots).toEqual([disk]);
  });

  test('gets its snapshots one by one; each change may be repeated', async () => {
    const point = await opened();
    const snapshot = { snapshotId: randomUUID(), snapshotName: 'diskferry-cycle-2000' };
    for (const _ of [1, 2]) await within((tx) => points().setSnapshot(tx, point.id, 2000, snapshot));
    const [boot, data] = (await points().get(point.id))?.snapshots ?? [];
    expect(boot).toMatchObject({ diskKey: 2000, ...snapshot });
    expect(data).not.toHaveProperty('snapshotId');

    await within((tx) => points().markSnapshotGone(tx, point.id, 2000));
    const gone = await points().get(point.id);
    await within((tx) => points().markSnapshotGone(tx, point.id, 2000));
    expect(await points().get(point.id)).toEqual(gone);
    expect(gone?.snapshots.map(({ goneAt }) => goneAt)).toEqual([expect.stringMatching(/Z$/), undefined]);
  });

  test('does not share a snapshot with another point: a unique key', async () => {
    const [one, other] = [await opened(), await opened()];
    const snapshot = { snapshotId: randomUUID(), snapshotName: 'diskferry-cycle-2000' };
    await within((tx) => points().setSnapshot(tx, one.id, 2000, snapshot));
    await expect(within((tx) => points().setSnapshot(tx, other.id, 2000, snapshot))).rejects.toThrow(
      /Duplicate entry .* for key '.*unique_snapshot'/,
    );
  });

  test('that is not there cannot be changed, nor a disk that it has not', async () => {
    const { id } = await opened();
    const snapshot = { snapshotId: randomUUID(), snapshotName: 'x' };
    for (const change of [
      (tx: Tx) => points().setSnapshot(tx, randomUUID(), 2000, snapshot),
      (tx: Tx) => points().setSnapshot(tx, id, 2002, snapshot),
      (tx: Tx) => points().markSnapshotGone(tx, id, 2002),
      (tx: Tx) => points().setState(tx, randomUUID(), 'complete'),
    ]) {
      await expect(within<unknown>(change)).rejects.toMatchObject({ name: 'RowMissingError' });
    }
  });
});

describe('the state of a point', () => {
  test('is complete from taking only, once; its time stays', async () => {
    const { id } = await opened();
    expect(await setState(id, 'complete')).toBe(true);
    const complete = await points().get(id);
    expect(complete).toMatchObject({ state: 'complete', completedAt: expect.stringMatching(/Z$/) });
    expect(await setState(id, 'complete')).toBe(true);
    expect(await points().get(id)).toEqual(complete);
  });

  test.each(['taking', 'complete'] as const)('that was %s counts no more once it is removed', async (before) => {
    const { id } = await opened();
    if (before === 'complete') await setState(id, 'complete');
    for (const _ of [1, 2]) expect(await setState(id, 'removing')).toBe(true);
    expect(await setState(id, 'complete')).toBe(false);
    expect(await points().get(id)).toMatchObject({ state: 'removing' });
    for (const _ of [1, 2]) expect(await setState(id, 'gone')).toBe(true);
    const gone = await points().get(id);
    expect(gone).toMatchObject({ state: 'gone', goneAt: expect.stringMatching(/Z$/) });
    for (const late of ['complete', 'removing'] as const) expect(await setState(id, late)).toBe(false);
    expect(await points().get(id)).toEqual(gone);
  });

  test('goes to one of two at the same time: completed, or removed before it', async () => {
    const { id } = await opened();
    const [completed, removed] = await Promise.all([setState(id, 'complete'), setState(id, 'removing')]);
    expect(removed).toBe(true);
    expect(typeof completed).toBe('boolean');
    expect(await points().get(id)).toMatchObject({ state: 'removing' });
  });

  test('that nobody knows is refused by name', async () => {
    const { id } = await opened();
    await db.query("UPDATE recovery_points SET state = 'half' WHERE id = ?", [id]);
    await expect(points().get(id)).rejects.toMatchObject({
      name: 'UnreadableRowError',
      message: expect.stringContaining(id),
    });
    await db.query('DELETE FROM recovery_points WHERE id = ?', [id]);
  });
});

test('points that are not gone are listed newest first, of one VM or of all', async () => {
  const vm = aVm();
  const [first, second, third] = [await opened(vm), await opened(vm), await opened()];
  expect((await points().ofVm(vm)).map(({ id }) => id)).toEqual([second.id, first.id]);
  expect((await points().ofVm(vm)).map(({ snapshots }) => snapshots.length)).toEqual([2, 2]);
  const all = (await points().list()).map(({ id }) => id);
  expect(all.slice(0, 3)).toEqual([third.id, second.id, first.id]);
  await setState(second.id, 'gone');
  expect((await points().ofVm(vm)).map(({ id }) => id)).toEqual([first.id]);
  expect((await points().list()).map(({ id }) => id)).not.toContain(second.id);
  expect(await points().ofVm(aVm())).toEqual([]);
});
