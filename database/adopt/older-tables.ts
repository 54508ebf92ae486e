import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { z } from 'zod';
import { quoted } from '../backup/table-layout';
import { AdoptionError } from './adoption-error';
import {
  type OlderInstallation,
  type UnreadableOlderRow,
  olderContextSchema,
  olderDiskSchema,
  olderJobSchema,
  olderMappingSchema,
  olderOperationSchema,
  olderVolumeSchema,
} from './older-rows';

/** Prefix of the older system's tables while ours stand under their names. */
export const ASIDE = 'older_';

/** Without these there is nothing to adopt; the others came with later ages of the schema. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  device_mappings: ['id', 'vm_id', 'device_path'],
  volume_operations: ['id', 'type', 'status'],
};

/**
 * Reads an older installation as it was at one moment. A row that makes no sense is named, not taken.
 *
 * @throws AdoptionError `not-older` when the tables are not those of one
 */
export async function readOlder(connection: Connection): Promise<OlderInstallation> {
  const columns = await columnsOf(connection);
  refuseOthers(columns);
  // Times come as text: in UTC, whatever the server's own zone is.
  await connection.query("SET SESSION time_zone = '+00:00'");
  await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
  try {
    const unreadable: UnreadableOlderRow[] = [];
    const read = async <S extends z.ZodType>(table: string, schema: S, key: string): Promise<z.output<S>[]> => {
      if (!columns.has(table)) return [];
      const [rows] = await connection.query<RowDataPacket[]>({
        sql: `SELECT * FROM ${quoted(table)}`,
        typeCast: (field) => field.string(),
      });
      return rows.flatMap((row) => {
        // The first schema's name of the column.
        const given = table === 'device_mappings' ? { volume_uuid: row['volume_id'] as unknown, ...row } : row;
        const parsed = schema.safeParse(given);
        if (parsed.success) return [parsed.data];
        const problem = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ');
        unreadable.push({ table, key: String(row[key] ?? '(no key)'), problem });
        return [];
      });
    };
    const tables: { table: string; rows: number }[] = [];
    for (const table of columns.keys()) {
      const [[row]] = await connection.query<RowDataPacket[]>(`SELECT COUNT(*) AS count FROM ${quoted(table)}`);
      tables.push({ table, rows: Number(row?.['count']) });
    }
    return {
      tables,
      mappings: await read('device_mappings', olderMappingSchema, 'id'),
      operations: await read('volume_operations', olderOperationSchema, 'id'),
      jobs: await read('replication_jobs', olderJobSchema, 'id'),
      contexts: await read('vm_replication_contexts', olderContextSchema, 'context_id'),
      disks: await read('vm_disks', olderDiskSchema, 'id'),
      volumes: await read('ossea_volumes', olderVolumeSchema, 'id'),
      exports: tables.find(({ table }) => table === 'nbd_exports')?.rows ?? 0,
      unreadable,
    };
  } finally {
    await connection.query('COMMIT');
  }
}

/** Columns of every table of the database, by table. */
async function columnsOf(connection: Connection): Promise<ReadonlyMap<string, readonly string[]>> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT c.TABLE_NAME AS tbl, c.COLUMN_NAME AS col FROM information_schema.COLUMNS c
     JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
     WHERE c.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE' ORDER BY 1, c.ORDINAL_POSITION`,
  );
  const columns = new Map<string, string[]>();
  for (const row of rows) {
    const table = String(row['tbl']);
    columns.set(table, [...(columns.get(table) ?? []), String(row['col'])]);
  }
  return columns;
}

function refuseOthers(columns: ReadonlyMap<string, readonly string[]>): void {
  if (columns.has('diskferry_migrations')) {
    throw new AdoptionError('not-older', ['its tables are of Diskferry already']);
  }
  const missing = Object.entries(NEEDED).flatMap(([table, needed]) => {
    const there = columns.get(table);
    if (there === undefined) return [`there is no table ${table}`];
    return needed.filter((column) => !there.includes(column)).map((column) => `${table} has no column ${column}`);
  });
  const volume = columns.get('device_mappings');
  if (volume !== undefined && !volume.includes('volume_uuid') && !volume.includes('volume_id')) {
    missing.push('device_mappings has neither volume_uuid nor volume_id');
  }
  if (missing.length > 0) throw new AdoptionError('not-older', missing);
}
