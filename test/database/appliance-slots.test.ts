import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { ApplianceSlots } from '../../database/appliance-slots';
import { type FreshDatabase, withFreshDatabase } from '../support/mariadb';
import { aVm } from './builders';

let db: FreshDatabase;

beforeAll(async () => {
  db = await withFreshDatabase();
});

afterAll(async () => {
  await db.drop();
});

type Request = Parameters<ApplianceSlots['reserve']>[1];

const aRequest = (parts: Partial<Request> = {}): Request => ({
  ...aVm(),
  applianceId: randomUUID(),
  ownerWorkflowId: 'replicate-vm/x',
  diskKeys: [2000, 2001],
  limit: 4,
  foreign: 0,
  ...parts,
});
const reserve = (request: Request) =>
  db.repositories.database.transaction((tx) => db.repositories.slots.reserve(tx, request));
const free = (request: Request, diskKey?: number) =>
  db.repositories.database.transaction((tx) => db.repositories.slots.free(tx, request, diskKey));
const taken = async (applianceId: string) => (await db.repositories.slots.list(applianceId)).length;

describe('slots', () => {
  test('are reserved once per disk, also where the appliance is full by then', async () => {
    const request = aRequest({ limit: 2 });
    expect(await reserve(request)).toEqual({ outcome: 'reserved' });
    expect(await reserve(request)).toEqual({ outcome: 'reserved' });
    expect(await db.repositories.slots.list(request.applianceId)).toEqual(
      [2000, 2001].map((diskKey) => ({
        site: request.site,
        sourceId: request.sourceId,
        sourceVmId: request.sourceVmId,
        applianceId: request.applianceId,
        diskKey,
        ownerWorkflowId: request.ownerWorkflowId,
      })),
    );
  });

  test('are given all or none, disks of others counted', async () => {
    const request = aRequest({ diskKeys: [1, 2, 3], limit: 4, foreign: 2 });
    expect(await reserve(request)).toEqual({ outcome: 'full', taken: 2 });
    expect(await taken(request.applianceId)).toBe(0);
    expect(await reserve({ ...request, diskKeys: [1, 2] })).toEqual({ outcome: 'reserved' });
    expect(await reserve({ ...request, diskKeys: [1, 2, 3] })).toEqual({ outcome: 'full', taken: 4 });
  });

  test('of one disk or of all are given free, once', async () => {
    const request = aRequest();
    await reserve(request);
    expect(await free(request, 2001)).toBe(1);
    expect(await free(request, 2001)).toBe(0);
    expect(await free(request)).toBe(1);
    expect(await free(request)).toBe(0);
    expect(await taken(request.applianceId)).toBe(0);
  });

  test('the last one goes to one of two that ask at the same time', async () => {
    const applianceId = randomUUID();
    const rivals = Array.from({ length: 4 }, () => aRequest({ applianceId, diskKeys: [2000], limit: 1 }));
    const outcomes = await Promise.all(rivals.map(reserve));
    expect(outcomes.filter((result) => result.outcome === 'reserved')).toHaveLength(1);
    expect(await taken(applianceId)).toBe(1);
  });

  test('of one appliance do not count on another', async () => {
    await reserve(aRequest({ limit: 2 }));
    expect(await reserve(aRequest({ limit: 2 }))).toEqual({ outcome: 'reserved' });
  });
});
