import { createConnection, type RowDataPacket } from 'mysql2/promise';

/**
 * The two queries of job sheet VD-2025-0928-001, word for word: with them it was found that second disks were lost, and with them
 * anybody can see that they no longer are. They work now and for ever.
 */
export const jobSheetQueries = {
  /** returns nothing */
  duplicates: 'SELECT device_path, COUNT(*) FROM device_mappings GROUP BY device_path HAVING COUNT(*) > 1;',
  /** the disks that are there now */
  mappings: "SELECT device_path, volume_uuid FROM device_mappings WHERE vm_id='1c266316-503d-451d-9392-9585a6fcba41';",
} as const;

export interface QueryAnswer {
  readonly query: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Runs both. Throws what mysql2 throws. */
export async function runJobSheetQueries(database: {
  readonly port: number;
  readonly password: string;
}): Promise<Readonly<Record<keyof typeof jobSheetQueries, QueryAnswer>>> {
  const connection = await createConnection({
    host: '127.0.0.1',
    user: 'diskferry',
    database: 'diskferry',
    rowsAsArray: true,
    ...database,
  });
  try {
    const ask = async (query: string): Promise<QueryAnswer> => {
      const [rows, fields] = await connection.query<RowDataPacket[][]>(query);
      return { query, columns: fields.map((field) => field.name), rows: rows.map((row) => row.map(String)) };
    };
    return { duplicates: await ask(jobSheetQueries.duplicates), mappings: await ask(jobSheetQueries.mappings) };
  } finally {
    await connection.end();
  }
}
