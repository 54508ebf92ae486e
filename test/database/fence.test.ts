import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { DatabaseUnavailableError } from '../../database/errors';
import type { ClaimLostError } from '../../database/fence';
import { type FreshDatabase, withFreshDatabase } from '../support/mariadb';
import { aFence, aVm, aVolume, anOperation, claim } from './builders';
import { untilRunning } from './until-running';

let db: FreshDatabase;

beforeAll(async () => {
  db = await withFreshDatabase();
});

afterAll(async () => {
  await db.drop();
});

describe('fenced', () => {
  test('lets the holder work, with the epoch of its claim', async () => {
    const fence = aFence();
    await claim(db.repositories, fence);
    const volume = aVolume();
    const epoch = await db.repositories.database.fenced(fence, async (tx, held) => {
      await db.repositories.volumes.add(tx, volume);
      return held.epoch;
    });
    expect(epoch).toBe(1);
    expect(await db.repositories.volumes.get(volume.volumeId)).toMatchObject({ volumeId: volume.volumeId });
  });

  test.each([
    ['nobody ever held the VM', async () => Promise.resolve(), undefined],
    [
      'the claim was given back',
      async (fence: ReturnType<typeof aFence>) => {
        await claim(db.repositories, fence);
        await db.repositories.database.transaction((tx) => db.repositories.claims.release(tx, fence, fence.runId));
      },
      undefined,
    ],
    [
      'another run of the same workflow took over',
      async (fence: ReturnType<typeof aFence>) => {
        await claim(db.repositories, { ...fence, runId: 'the-next-run' });
      },
      'the-next-run',
    ],
    [
      'another workflow holds it',
      async (fence: ReturnType<typeof aFence>) => {
        await claim(db.repositories, { ...fence, workflowId: 'release-vm/x' });
      },
      'release-vm/x',
    ],
  ])('refuses when %s, and the work is not begun', async (_what, prepare, shown) => {
    const fence = aFence();
    await prepare(fence);
    let begun = false;
    const work = db.repositories.database.fenced(fence, () => {
      begun = true;
      return Promise.resolve();
    });
    await expect(work).rejects.toMatchObject({ name: 'ClaimLostError', fence });
    const { holder } = await work.then(
      () => ({ holder: undefined }),
      (error: unknown) => error as ClaimLostError,
    );
    if (shown === undefined) expect(holder).toBeUndefined();
    else expect(Object.values(holder ?? {})).toContain(shown);
    expect(begun).toBe(false);
  });

  test('holds a take-over back until the effect is committed', async () => {
    const fence = aFence();
    await claim(db.repositories, fence);
    const order: string[] = [];
    let takeOver: Promise<unknown> = Promise.resolve();
    await db.repositories.database.fenced(fence, async () => {
      takeOver = db.repositories.database
        .transaction((tx) =>
          db.repositories.claims.take(tx, fence, {
            kind: 'replication',
            workflowId: fence.workflowId,
            runId: randomUUID(),
            replaces: fence.runId,
          }),
        )
        .then(() => order.push('taken over'));
      await untilRunning(db, /^insert into `vm_claims`/);
      order.push('effect');
    });
    await takeOver;
    expect(order).toEqual(['effect', 'taken over']);
  });

  test('takes back everything when the work fails', async () => {
    const fence = aFence();
    await claim(db.repositories, fence);
    const volume = aVolume();
    const work = db.repositories.database.fenced(fence, async (tx) => {
      await db.repositories.volumes.add(tx, volume);
      throw new Error('cut off');
    });
    await expect(work).rejects.toThrow('cut off');
    expect(await db.repositories.volumes.get(volume.volumeId)).toBeUndefined();
  });
});

describe('a transaction that meets a deadlock', () => {
  test('is repeated and succeeds', async () => {
    const [a, b] = [aVolume(), aVolume()];
    const { database, volumes } = db.repositories;
    await database.transaction(async (tx) => {
      await volumes.add(tx, a);
      await volumes.add(tx, b);
    });
    let runs = 0;
    // Each locks its first volume, waits until both have, then wants the other's: the server ends one of them.
    const gate = meeting(2);
    const both = (first: string, second: string) =>
      database.transaction(async (tx) => {
        runs += 1;
        await volumes.beginCopy(tx, first);
        await gate();
        await volumes.keep(tx, second, `locked ${first} first`);
      });
    await Promise.all([both(a.volumeId, b.volumeId), both(b.volumeId, a.volumeId)]);
    expect(runs).toBe(3);
    for (const { volumeId } of [a, b]) expect(await volumes.get(volumeId)).toMatchObject({ copyBegun: true });
  });

  test('is given up after three tries', async () => {
    let runs = 0;
    const work = db.repositories.database.transaction(() => {
      runs += 1;
      throw new DatabaseUnavailableError('busy', 'mysql://…', 'Deadlock found');
    });
    await expect(work).rejects.toMatchObject({ kind: 'busy' });
    expect(runs).toBe(3);
  });
});

describe('times and sizes', () => {
  test('come as UTC ISO strings and safe integers, whatever the time zone of the server or this machine', async () => {
    const { database, volumes, operations } = db.repositories;
    const volume = aVolume({ sizeBytes: Number.MAX_SAFE_INTEGER });
    await database.transaction((tx) => volumes.add(tx, volume));
    expect((await volumes.get(volume.volumeId))?.sizeBytes).toBe(Number.MAX_SAFE_INTEGER);

    const operation = anOperation(aVm());
    const before = Date.now();
    await database.transaction((tx) => operations.record(tx, operation));
    const recorded = await operations.get(operation.id);
    expect(recorded?.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(Math.abs(Date.parse(recorded?.createdAt ?? '') - before)).toBeLessThan(60_000);
  });
});

function meeting(count: number): () => Promise<void> {
  let arrived = 0;
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return async () => {
    arrived += 1;
    if (arrived >= count) open();
    await opened;
  };
}
