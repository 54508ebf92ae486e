import type { Kysely, Selectable } from 'kysely';
import type { Tx } from './database';
import { RowConflictError, RowMissingError, isDuplicateKey } from './errors';
import type { Tables } from './schema';
import { now } from './sql-parts';
import { transactionOf } from './tx';

interface NbdExport {
  readonly exportName: string;
  readonly volumeId: string;
  readonly applianceId: string;
  readonly deviceNode: string;
  readonly state: 'opening' | 'open';
  readonly ownerWorkflowId: string;
  readonly createdAt: string;
}

/** Live rows only: a closed export has none. */
export interface NbdExports {
  /**
   * Inserts or finds the row of the volume's export. A row of the same owner and appliance stays as it is, but for the device
   * node, which is brought up to date.
   *
   * @throws RowConflictError when another owner, appliance or volume has it
   */
  open(tx: Tx, row: Omit<NbdExport, 'state' | 'createdAt'>): Promise<void>;
  markOpen(tx: Tx, volumeId: string): Promise<void>;
  remove(tx: Tx, volumeId: string): Promise<boolean>;
  ofVolume(volumeId: string): Promise<NbdExport | undefined>;
  list(filter?: { applianceId?: string }): Promise<NbdExport[]>;
}

export function makeNbdExports(db: Kysely<Tables>): NbdExports {
  const all = (from: Kysely<Tables> = db) => from.selectFrom('nbd_exports').selectAll();
  return {
    async open(tx, row) {
      const trx = transactionOf(tx);
      for (let round = 1; ; round += 1) {
        try {
          await trx.insertInto('nbd_exports').values(newRow(row)).execute();
          return;
        } catch (error) {
          if (!isDuplicateKey(error) || round === 3) throw error;
        }
        const found = await all(trx)
          .where((eb) =>
            eb.or([
              eb('volume_id', '=', row.volumeId),
              eb('export_name', '=', row.exportName),
              eb.and({ appliance_id: row.applianceId, device_node: row.deviceNode }),
            ]),
          )
          .execute();
        for (const other of found) refuseOther(other, row);
        if (found.length === 0) continue; // closed between the two statements: the place is free now
        await trx
          .updateTable('nbd_exports')
          .set({ device_node: row.deviceNode })
          .where('volume_id', '=', row.volumeId)
          .execute();
        return;
      }
    },

    async markOpen(tx, volumeId) {
      const result = await transactionOf(tx)
        .updateTable('nbd_exports')
        .set({ state: 'open' })
        .where('volume_id', '=', volumeId)
        .executeTakeFirst();
      if (result.numUpdatedRows === 0n) throw new RowMissingError('nbd_exports', volumeId);
    },

    async remove(tx, volumeId) {
      const result = await transactionOf(tx)
        .deleteFrom('nbd_exports')
        .where('volume_id', '=', volumeId)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },

    async ofVolume(volumeId) {
      const row = await all().where('volume_id', '=', volumeId).executeTakeFirst();
      return row === undefined ? undefined : exportOf(row);
    },

    async list(filter = {}) {
      let query = all().orderBy('appliance_id').orderBy('export_name');
      if (filter.applianceId !== undefined) query = query.where('appliance_id', '=', filter.applianceId);
      return (await query.execute()).map(exportOf);
    },
  };
}

type NewExport = Parameters<NbdExports['open']>[1];

function refuseOther(other: Selectable<Tables['nbd_exports']>, row: NewExport): void {
  const same =
    other.volume_id === row.volumeId &&
    other.appliance_id === row.applianceId &&
    other.owner_workflow_id === row.ownerWorkflowId;
  if (same) return;
  throw new RowConflictError(
    'nbd_exports',
    other.volume_id === row.volumeId ? `volume ${row.volumeId}` : `device node ${row.deviceNode}`,
    `${row.exportName} on appliance ${row.applianceId} by ${row.ownerWorkflowId}`,
    `${other.export_name} on appliance ${other.appliance_id} by ${other.owner_workflow_id}`,
  );
}

function newRow(row: NewExport) {
  return {
    volume_id: row.volumeId,
    export_name: row.exportName,
    appliance_id: row.applianceId,
    device_node: row.deviceNode,
    state: 'opening' satisfies NbdExport['state'],
    owner_workflow_id: row.ownerWorkflowId,
    created_at: now,
  };
}

function exportOf(row: Selectable<Tables['nbd_exports']>): NbdExport {
  return {
    exportName: row.export_name,
    volumeId: row.volume_id,
    applianceId: row.appliance_id,
    deviceNode: row.device_node,
    state: row.state === 'open' ? 'open' : 'opening',
    ownerWorkflowId: row.owner_workflow_id,
    createdAt: row.created_at,
  };
}
