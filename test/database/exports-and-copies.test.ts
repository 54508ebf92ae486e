import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Tx } from '../../database/database';
import { GIB } from '../../domain/sizes';
import { type FreshDatabase, withFreshDatabase } from '../support/mariadb';
import { anExport } from './builders';

let db: FreshDatabase;

beforeAll(async () => {
  db = await withFreshDatabase();
});

afterAll(async () => {
  await db.drop();
});

const within = <T>(work: (tx: Tx) => Promise<T>) => db.repositories.database.transaction(work);

describe('the row of an export', () => {
  const exports = () => db.repositories.exports;

  test('is opened, found again as it is, and removed once', async () => {
    const row = anExport();
    await within((tx) => exports().open(tx, row));
    await within((tx) => exports().markOpen(tx, row.volumeId));
    await within((tx) => exports().markOpen(tx, row.volumeId));
    await within((tx) => exports().open(tx, row));
    expect(await exports().ofVolume(row.volumeId)).toEqual({ ...row, state: 'open', createdAt: expect.any(String) });
    await within((tx) => exports().open(tx, { ...row, deviceNode: '/dev/disk/by-id/scsi-moved' }));
    expect(await exports().list({ applianceId: row.applianceId })).toMatchObject([
      { volumeId: row.volumeId, deviceNode: '/dev/disk/by-id/scsi-moved' },
    ]);
    expect(await within((tx) => exports().remove(tx, row.volumeId))).toBe(true);
    expect(await within((tx) => exports().remove(tx, row.volumeId))).toBe(false);
    expect(await exports().ofVolume(row.volumeId)).toBeUndefined();
    await expect(within((tx) => exports().markOpen(tx, row.volumeId))).rejects.toMatchObject({
      name: 'RowMissingError',
    });
  });

  test.each([
    ['another owner', (held: ReturnType<typeof anExport>) => ({ ...held, ownerWorkflowId: 'another' })],
    ['another appliance', (held: ReturnType<typeof anExport>) => ({ ...held, applianceId: randomUUID() })],
    [
      'another volume behind the same device node',
      (held: ReturnType<typeof anExport>) => anExport({ applianceId: held.applianceId, deviceNode: held.deviceNode }),
    ],
  ])('is a conflict for %s', async (_what, rival) => {
    const held = anExport();
    await within((tx) => exports().open(tx, held));
    await expect(within((tx) => exports().open(tx, rival(held)))).rejects.toMatchObject({
      name: 'RowConflictError',
      found: expect.stringContaining(held.exportName),
    });
    expect(await exports().list({ applianceId: held.applianceId })).toHaveLength(1);
  });

  test('is made once when two open it at the same time', async () => {
    const row = anExport();
    await Promise.all([1, 2, 3].map(() => within((tx) => exports().open(tx, row))));
    expect(await exports().list()).toContainEqual({ ...row, state: 'opening', createdAt: expect.any(String) });
  });
});

describe('the progress of a copy', () => {
  const progress = () => db.repositories.progress;
  const begin = (volumeId: string, parts: { generation?: number; firstRunId?: string; sourceBytes?: number } = {}) =>
    within((tx) =>
      progress().begin(tx, { volumeId, generation: 1, firstRunId: 'run', sourceBytes: 3 * GIB, ...parts }),
    );
  const hash = (digit: string) => digit.repeat(64);

  test('begins at zero, goes on, and survives being begun again by the same run', async () => {
    const volumeId = randomUUID();
    const zero = await begin(volumeId);
    expect(zero).toMatchObject({ watermark: 0, dataBytes: 0, verifiedBytes: 0, sourceBytes: 3 * GIB });
    const record = () =>
      within((tx) =>
        progress().recordWindows(
          tx,
          volumeId,
          [
            { index: 0, sourceSha256: hash('a') },
            { index: 1, sourceSha256: hash('b') },
          ],
          2 * GIB,
          4096,
        ),
      );
    await record();
    await record();
    await within((tx) => progress().recordWindows(tx, volumeId, [{ index: 0, sourceSha256: hash('a') }], GIB, 1));
    await within((tx) => progress().setVerifiedBytes(tx, volumeId, GIB));
    expect(await begin(volumeId)).toMatchObject({ watermark: 2 * GIB, dataBytes: 4096, verifiedBytes: GIB });
    expect(await progress().windows(volumeId)).toEqual([
      { index: 0, sourceSha256: hash('a') },
      { index: 1, sourceSha256: hash('b') },
    ]);
  });

  test.each([
    ['run', { firstRunId: 'another' }],
    ['generation', { generation: 2 }],
    ['size of the source', { sourceBytes: 5 * GIB }],
  ])('of another %s is replaced by zero', async (_what, parts) => {
    const volumeId = randomUUID();
    await begin(volumeId);
    await within((tx) => progress().recordWindows(tx, volumeId, [{ index: 0, sourceSha256: hash('a') }], GIB, GIB));
    expect(await begin(volumeId, parts)).toMatchObject({ ...parts, watermark: 0, dataBytes: 0, verifiedBytes: 0 });
    expect(await progress().windows(volumeId)).toEqual([]);
  });

  test('forgets windows from the first that is different', async () => {
    const volumeId = randomUUID();
    await begin(volumeId);
    const windows = [0, 1, 2].map((index) => ({ index, sourceSha256: hash(String(index)) }));
    await within((tx) => progress().recordWindows(tx, volumeId, windows, 3 * GIB, 3 * GIB));
    await within((tx) => progress().setVerifiedBytes(tx, volumeId, 3 * GIB));
    for (const _ of [1, 2]) await within((tx) => progress().forgetFrom(tx, volumeId, 1));
    await within((tx) => progress().forgetFrom(tx, volumeId, 2));
    expect(await progress().get(volumeId)).toMatchObject({ watermark: GIB, dataBytes: GIB, verifiedBytes: GIB });
    expect(await progress().windows(volumeId)).toEqual(windows.slice(0, 1));
  });

  test('takes the windows of a large disk of holes in one call', async () => {
    const volumeId = randomUUID();
    await begin(volumeId, { sourceBytes: 2_500 * GIB });
    const windows = Array.from({ length: 2_500 }, (_, index) => ({ index, sourceSha256: hash('0') }));
    await within((tx) => progress().recordWindows(tx, volumeId, windows, 2_500 * GIB, 0));
    expect(await progress().windows(volumeId)).toHaveLength(2_500);
  });

  test('begins once for two at the same time', async () => {
    const volumeId = randomUUID();
    const rows = await Promise.all([begin(volumeId), begin(volumeId), begin(volumeId)]);
    expect(new Set(rows.map((row) => row.startedAt)).size).toBe(1);
  });

  test('that was not begun cannot be written', async () => {
    const volumeId = randomUUID();
    await expect(within((tx) => progress().recordWindows(tx, volumeId, [], 0, 0))).rejects.toMatchObject({
      name: 'RowMissingError',
    });
    await expect(within((tx) => progress().setVerifiedBytes(tx, volumeId, 0))).rejects.toMatchObject({
      name: 'RowMissingError',
    });
    expect(await progress().get(volumeId)).toBeUndefined();
  });
});
