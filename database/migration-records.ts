import type { Connection, RowDataPacket } from 'mysql2/promise';
import { describeSchema, fingerprintOf } from './schema-description';
import { OUR_TABLE_COMMENT } from './migrations/migration';

export interface MigrationRecord {
  readonly name: string;
  /** false when it was begun and cut off: its DDL may be there in part */
  readonly applied: boolean;
  readonly fingerprint: string;
  /** the schema as it was right after this migration */
  readonly description: readonly string[];
}

const TABLE = `CREATE TABLE IF NOT EXISTS diskferry_migrations (
  name VARCHAR(100) NOT NULL,
  started_at DATETIME(3) NOT NULL,
  applied_at DATETIME(3) NULL,
  fingerprint VARCHAR(64) NOT NULL,
  description MEDIUMTEXT NOT NULL,
  PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARACTER SET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='${OUR_TABLE_COMMENT}: migrations that were applied'`;

export async function createMigrationRecords(connection: Connection): Promise<void> {
  await connection.query(TABLE);
}

/** The records by name; undefined when there is no such table. */
export async function readMigrationRecords(connection: Connection): Promise<MigrationRecord[] | undefined> {
  const [found] = await connection.query<RowDataPacket[]>("SHOW TABLES LIKE 'diskferry\\_migrations'");
  if (found.length === 0) return undefined;
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT name, applied_at, fingerprint, description FROM diskferry_migrations ORDER BY name',
  );
  return rows.map((row) => ({
    name: String(row['name']),
    applied: row['applied_at'] !== null,
    fingerprint: String(row['fingerprint']),
    description: String(row['description']).split('\n'),
  }));
}

export async function recordStart(connection: Connection, name: string): Promise<void> {
  await connection.query(
    `INSERT INTO diskferry_migrations (name, started_at, applied_at, fingerprint, description)
     VALUES (?, UTC_TIMESTAMP(3), NULL, '', '') ON DUPLICATE KEY UPDATE started_at = UTC_TIMESTAMP(3)`,
    [name],
  );
}

/** Records a migration as applied, with the schema that it left. */
export async function recordApplied(connection: Connection, name: string): Promise<void> {
  const description = await describeSchema(connection);
  await connection.query(
    `UPDATE diskferry_migrations SET applied_at = UTC_TIMESTAMP(3), fingerprint = ?, description = ? WHERE name = ?`,
    [fingerprintOf(description), description.join('\n'), name],
  );
}
