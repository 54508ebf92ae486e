import type { Connection, RowDataPacket } from 'mysql2/promise';
import { z } from 'zod';
import { tableEndSchema } from '../backup/backup-format';
import { OUR_TABLE_COMMENT } from '../migrations/migration';

/**
 * What an adoption did, written before it does it: what a second try goes on from, and what the way back needs. Like
 * `diskferry_migrations` it is no table of the schema: in place it is there before the first migration.
 */
const recordSchema = z.object({
  id: z.string(),
  mode: z.enum(['in-place', 'copy']),
  /** `begun`: may be cut off anywhere; `done` */
  state: z.enum(['begun', 'done']),
  beganAt: z.string(),
  details: z.object({
    backup: z.string(),
    /** the older tables that were put aside, each with its checksum */
    aside: z.array(z.object({ table: z.string(), sum: tableEndSchema })),
    /** foreign keys that were dropped, as ALTER TABLE takes them */
    foreignKeys: z.array(z.object({ table: z.string(), name: z.string(), definition: z.string() })),
    /** volumes of the rows that were written */
    volumes: z.array(z.string()),
    /** VMs that stayed with the older installation; earlier releases recorded none */
    leftBehind: z
      .array(
        z.object({
          contextId: z.string(),
          vmName: z.string(),
          sourceVmId: z.string(),
          status: z.string(),
          volumes: z.array(z.string()).readonly(),
        }),
      )
      .readonly()
      .default([]),
    /** paths that were rewritten, to be put back */
    rewritten: z.array(z.object({ volumeId: z.string(), vmId: z.string(), from: z.string(), to: z.string() })),
  }),
});
export type AdoptionRecord = z.output<typeof recordSchema>;

const TABLE = `CREATE TABLE IF NOT EXISTS diskferry_adoption (
  id VARCHAR(64) NOT NULL,
  mode VARCHAR(20) NOT NULL,
  state VARCHAR(20) NOT NULL,
  began_at DATETIME(3) NOT NULL,
  details LONGTEXT NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARACTER SET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='${OUR_TABLE_COMMENT}: what an adoption did'`;

export async function createAdoptionRecords(connection: Connection): Promise<void> {
  await connection.query(TABLE);
}

/** The one adoption of this database; undefined when there is none. */
export async function readAdoption(connection: Connection): Promise<AdoptionRecord | undefined> {
  const [found] = await connection.query<RowDataPacket[]>("SHOW TABLES LIKE 'diskferry\\_adoption'");
  if (found.length === 0) return undefined;
  const [[row]] = await connection.query<RowDataPacket[]>('SELECT * FROM diskferry_adoption ORDER BY began_at LIMIT 1');
  return adoptionOf(row);
}

/** The record that a row holds. @throws ZodError or SyntaxError when nothing of ours can have written it */
export function adoptionOf(row: object | undefined): AdoptionRecord | undefined {
  if (row === undefined) return undefined;
  const fields = new Map(Object.entries(row as Record<string, string | null>));
  return recordSchema.parse({
    id: fields.get('id'),
    mode: fields.get('mode'),
    state: fields.get('state'),
    beganAt: fields.get('began_at'),
    details: JSON.parse(fields.get('details') ?? '') as unknown,
  });
}

export async function writeAdoption(connection: Connection, record: Omit<AdoptionRecord, 'beganAt'>): Promise<void> {
  await connection.query(
    `INSERT INTO diskferry_adoption (id, mode, state, began_at, details) VALUES (?, ?, ?, UTC_TIMESTAMP(3), ?)
     ON DUPLICATE KEY UPDATE state = VALUES(state), details = VALUES(details)`,
    [record.id, record.mode, record.state, JSON.stringify(record.details)],
  );
}

export async function forgetAdoption(connection: Connection): Promise<void> {
  await connection.query('DROP TABLE IF EXISTS diskferry_adoption');
}
