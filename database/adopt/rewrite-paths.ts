import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { devicePath, parseDevicePath } from '../../domain/device-path';
import { parseDatabaseUrl } from '../database-url';
import { withSchemaConnection } from '../schema-connection';
import type { DatabaseAt } from './adopt';
import { AdoptionError } from './adoption-error';
import { type AdoptionRecord, readAdoption, writeAdoption } from './adoption-record';

type Rewrite = AdoptionRecord['details']['rewritten'][number];

/**
 * Gives adopted mappings a path of today's form, or with `undo` the one they had. The rows are locked, compared and changed in one
 * transaction with the record of it; a mapping that has moved on since keeps what it has. Without `apply` it only says what it
 * would do.
 *
 * @throws AdoptionError `state` when there is no adoption, `unproven` when an older path is another mapping's by now
 */
export async function rewritePaths(
  ours: DatabaseAt,
  { undo, apply }: { readonly undo: boolean; readonly apply: boolean },
): Promise<readonly Rewrite[]> {
  return await withSchemaConnection(parseDatabaseUrl(ours.url, ours.password), async (connection) => {
    const record = await readAdoption(connection);
    if (record?.state !== 'done') throw new AdoptionError('state', ['there is no finished adoption in this database']);
    await connection.query('START TRANSACTION');
    try {
      const [rows] = await connection.query<RowDataPacket[]>(
        'SELECT device_path, volume_uuid, vm_id FROM device_mappings ORDER BY id FOR UPDATE',
      );
      const live = rows.map((row) => ({
        volumeId: String(row['volume_uuid']),
        vmId: String(row['vm_id']),
        path: String(row['device_path']),
      }));
      const known = record.details.rewritten;
      const changes: Rewrite[] = undo
        ? known
            .filter(({ volumeId, vmId, to }) =>
              live.some((row) => row.volumeId === volumeId && row.vmId === vmId && row.path === to),
            )
            .map(({ volumeId, vmId, from, to }) => ({ volumeId, vmId, from: to, to: from }))
        : live
            .filter(({ path }) => parseDevicePath(path).form !== 'current')
            .map(({ volumeId, vmId, path }) => ({ volumeId, vmId, from: path, to: devicePath(vmId, volumeId) }));
      if (apply) {
        for (const { volumeId, from, to } of changes) {
          const [result] = await connection.query<ResultSetHeader>(
            'UPDATE device_mappings SET device_path = ? WHERE volume_uuid = ? AND device_path = ?',
            [to, volumeId, from],
          );
          if (result.affectedRows !== 1)
            throw new AdoptionError('unproven', [`the mapping ${from} is not there any more`]);
        }
        const rewritten = undo ? [] : [...known, ...changes];
        await writeAdoption(connection, { ...record, details: { ...record.details, rewritten } });
      }
      await connection.query(apply ? 'COMMIT' : 'ROLLBACK');
      return changes;
    } catch (error) {
      await connection.query('ROLLBACK').catch(() => connection.destroy());
      const { code, message } = error as { readonly code?: string; readonly message?: string };
      if (code === 'ER_DUP_ENTRY') throw new AdoptionError('unproven', [message ?? code], { cause: error });
      throw error;
    }
  });
}
