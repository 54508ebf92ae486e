import { sql, type Transaction } from 'kysely';
import { type AdoptionRecord, adoptionOf } from './adopt/adoption-record';
import type { Tables } from './schema';
import { schemaLockName } from './schema-connection';

/** The adoption that this database had, as far as doctor judges it. */
export interface SurveyedAdoption extends Pick<AdoptionRecord, 'id' | 'state' | 'beganAt'> {
  readonly leftBehind: AdoptionRecord['details']['leftBehind'];
  /** somebody adopts, takes back or migrates at this moment: the lock of the schema is held */
  readonly atWork: boolean;
}

/** Reads the record of an adoption, which stands in no migration's table; undefined where there was none. */
export async function surveyAdoption(
  trx: Transaction<Tables>,
  database: string,
): Promise<SurveyedAdoption | undefined> {
  const there = await sql`SHOW TABLES LIKE 'diskferry\\_adoption'`.execute(trx);
  if (there.rows.length === 0) return undefined;
  const found = await sql<object>`SELECT * FROM diskferry_adoption ORDER BY began_at LIMIT 1`.execute(trx);
  const record = adoptionOf(found.rows[0]);
  if (record === undefined) return undefined;
  const lock = await sql<{ holder: number | null }>`SELECT IS_USED_LOCK(${schemaLockName(database)}) AS holder`.execute(
    trx,
  );
  const { id, state, beganAt, details } = record;
  const atWork = (lock.rows[0]?.holder ?? null) !== null;
  return { id, state, beganAt, leftBehind: details.leftBehind, atWork };
}
