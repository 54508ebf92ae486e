import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';

const claimTables = ['vm_claims', 'vm_test_claims'] as const;

/** The epoch that a VM's claim had before the rows were replaced, so that none ever falls back. */
export interface Epoch {
  readonly table: (typeof claimTables)[number];
  readonly vm: readonly [site: string, sourceId: string, sourceVmId: string];
  readonly epoch: number;
}

/** Must be read before the rows are replaced. */
export async function readEpochs(connection: Connection, tables: readonly string[]): Promise<Epoch[]> {
  const epochs: Epoch[] = [];
  for (const table of claimTables.filter((name) => tables.includes(name))) {
    const [rows] = await connection.query<RowDataPacket[]>(`SELECT site, source_id, source_vm_id, epoch FROM ${table}`);
    for (const row of rows) {
      const vm = [String(row['site']), String(row['source_id']), String(row['source_vm_id'])] as const;
      epochs.push({ table, vm, epoch: Number(row['epoch']) });
    }
  }
  return epochs;
}

/** What was changed in the rows of the backup, because it cannot be true any more or cannot be known. */
export interface Doubts {
  /** volumes that count as holding data from now on */
  readonly volumes: number;
  /** of these, volumes whose contents count as not verified */
  readonly unverified: number;
  /** claims that were given free */
  readonly freed: number;
}

/**
 * A restored database does not know what happened after its backup (design §4): every volume counts as holding data, so that no
 * undo deletes it; its contents count as of another generation and not verified, so that no failover or changed-blocks copy builds on
 * them, unless an operator vouches (`trustVolumes`); claims are free, with an epoch above every earlier one, so that a run of before
 * can write nothing more.
 */
export async function doubtRestored(
  connection: Connection,
  tables: readonly string[],
  before: readonly Epoch[],
  { trustVolumes }: { readonly trustVolumes: boolean },
): Promise<Doubts> {
  const change = async (statement: string, values: unknown[] = []): Promise<number> =>
    (await connection.query<ResultSetHeader>(statement, values))[0].affectedRows;
  const volumes = await change(
    `UPDATE volumes SET copy_begun = TRUE, kept_because = COALESCE(kept_because, 'the database was restored from a backup')
     WHERE gone_at IS NULL`,
  );
  const unverified = trustVolumes
    ? 0
    : await change(
        `UPDATE volumes SET generation = generation + 1, verified_at = NULL, verified_hash = NULL WHERE gone_at IS NULL`,
      );
  let freed = 0;
  for (const table of claimTables.filter((name) => tables.includes(name))) {
    const [[held]] = await connection.query<RowDataPacket[]>(
      `SELECT COUNT(*) AS count FROM ${table} WHERE run_id IS NOT NULL`,
    );
    freed += Number(held?.['count']);
    const kind = table === 'vm_claims' ? 'kind = NULL, ' : '';
    await change(`UPDATE ${table} SET ${kind}workflow_id = NULL, run_id = NULL, since = NULL, epoch = epoch + 1`);
  }
  for (const { table, vm, epoch } of before) {
    await change(
      `INSERT INTO ${table} (site, source_id, source_vm_id, epoch) VALUES (?, ?, ?, ?)
       ON DUPLICATE KEY UPDATE epoch = GREATEST(epoch, VALUES(epoch))`,
      [...vm, epoch + 1],
    );
  }
  return { volumes, unverified, freed };
}
