import type { Kysely } from 'kysely';
import type { SourceVmKey } from '../domain/names';
import type { Tx } from './database';
import type { Tables } from './schema';
import { now, sourceVmColumns, sourceVmOf } from './sql-parts';
import { transactionOf } from './tx';

interface ApplianceSlot extends SourceVmKey {
  readonly applianceId: string;
  readonly diskKey: number;
  readonly ownerWorkflowId: string;
}

/** Data disk slots of appliances that are spoken for, so that two VMs cannot count the same free slot. */
export interface ApplianceSlots {
  /**
   * Reserves a slot for each disk that has none yet, if at most `limit` minus `foreign` would be spoken for (`foreign`: data
   * disks attached there that no slot accounts for). All or none; serialized per appliance. When `full`, `taken` counts the slots
   * spoken for and the foreign disks: `limit` minus `taken` are free.
   */
  reserve(
    tx: Tx,
    request: SourceVmKey & {
      applianceId: string;
      ownerWorkflowId: string;
      diskKeys: readonly number[];
      limit: number;
      foreign: number;
    },
  ): Promise<{ outcome: 'reserved' } | { outcome: 'full'; taken: number }>;
  /** Gives the slots of a VM, or of one of its disks, free; returns how many there were. */
  free(tx: Tx, vm: SourceVmKey, diskKey?: number): Promise<number>;
  list(applianceId?: string): Promise<ApplianceSlot[]>;
}

export function makeApplianceSlots(db: Kysely<Tables>): ApplianceSlots {
  return {
    async reserve(tx, request) {
      const trx = transactionOf(tx);
      // Makes or locks the appliance's row: whoever counts the same appliance's slots waits here until this one has committed.
      await trx
        .insertInto('appliance_slot_locks')
        .values({ appliance_id: request.applianceId })
        .onDuplicateKeyUpdate({ appliance_id: request.applianceId })
        .execute();
      const reserved = await trx
        .selectFrom('appliance_slots')
        .selectAll()
        .where('appliance_id', '=', request.applianceId)
        .execute();
      const own = new Set(
        reserved
          .filter(
            (row) =>
              row.site === request.site &&
              row.source_id === request.sourceId &&
              row.source_vm_id === request.sourceVmId,
          )
          .map((row) => row.disk_key),
      );
      const missing = [...new Set(request.diskKeys)].filter((diskKey) => !own.has(diskKey));
      if (missing.length === 0) return { outcome: 'reserved' };
      const taken = reserved.length + request.foreign;
      if (taken + missing.length > request.limit) return { outcome: 'full', taken };
      await trx
        .insertInto('appliance_slots')
        .values(
          missing.map((diskKey) => ({
            ...sourceVmColumns(request),
            appliance_id: request.applianceId,
            disk_key: diskKey,
            owner_workflow_id: request.ownerWorkflowId,
            reserved_at: now,
          })),
        )
        .execute();
      return { outcome: 'reserved' };
    },

    async free(tx, vm, diskKey) {
      let query = transactionOf(tx)
        .deleteFrom('appliance_slots')
        .where((eb) => eb.and(sourceVmColumns(vm)));
      if (diskKey !== undefined) query = query.where('disk_key', '=', diskKey);
      return Number((await query.executeTakeFirst()).numDeletedRows);
    },

    async list(applianceId) {
      let query = db
        .selectFrom('appliance_slots')
        .selectAll()
        .orderBy('appliance_id')
        .orderBy('site')
        .orderBy('source_id')
        .orderBy('source_vm_id')
        .orderBy('disk_key');
      if (applianceId !== undefined) query = query.where('appliance_id', '=', applianceId);
      return (await query.execute()).map((row) => ({
        ...sourceVmOf(row),
        applianceId: row.appliance_id,
        diskKey: row.disk_key,
        ownerWorkflowId: row.owner_workflow_id,
      }));
    },
  };
}
