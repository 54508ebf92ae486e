import type { Kysely } from 'kysely';
import { type SourceVmKey, sourceVmPath } from '../domain/names';
import type { Tx } from './database';
import { RowConflictError, isDuplicateKey } from './errors';
import type { Tables } from './schema';
import { sourceVmColumns, sourceVmOf } from './sql-parts';
import { transactionOf } from './tx';

/** Source VM and disk key ↔ volume; one row per disk, so that a disk keeps its volume from run to run. */
export interface VmDisk extends SourceVmKey {
  readonly diskKey: number;
  readonly volumeId: string;
  readonly backingUuid?: string;
  readonly boot: boolean;
}

export interface VmDisks {
  /**
   * Inserts or replaces the disk's row.
   *
   * @throws RowConflictError when the volume belongs to another disk
   */
  set(tx: Tx, disk: VmDisk): Promise<void>;
  /** Removes the row if it still names this volume. */
  remove(tx: Tx, vm: SourceVmKey, diskKey: number, volumeId: string): Promise<void>;
  ofVm(vm: SourceVmKey): Promise<VmDisk[]>;
  /** VMs of this id that have replicas, of whichever site and source. */
  vmsOf(sourceVmId: string): Promise<SourceVmKey[]>;
}

export function makeVmDisks(db: Kysely<Tables>): VmDisks {
  return {
    async set(tx, disk) {
      const trx = transactionOf(tx);
      const key = { ...sourceVmColumns(disk), disk_key: disk.diskKey };
      const values = { volume_id: disk.volumeId, backing_uuid: disk.backingUuid ?? null, boot: disk.boot };
      // Not ON DUPLICATE KEY UPDATE: a duplicate volume would then change the row of the disk that has it.
      for (let round = 1; ; round += 1) {
        try {
          const updated = await trx
            .updateTable('vm_disks')
            .set(values)
            .where((eb) => eb.and(key))
            .executeTakeFirst();
          if (updated.numUpdatedRows === 0n)
            await trx
              .insertInto('vm_disks')
              .values({ ...key, ...values })
              .execute();
          return;
        } catch (error) {
          if (!isDuplicateKey(error) || round === 3) throw error;
        }
        const other = await trx
          .selectFrom('vm_disks')
          .selectAll()
          .where('volume_id', '=', disk.volumeId)
          .executeTakeFirst();
        if (other === undefined) continue; // inserted beside us, or taken back since: try again
        const found = `${sourceVmPath(sourceVmOf(other))}, disk ${String(other.disk_key)}`;
        const wanted = `${sourceVmPath(disk)}, disk ${String(disk.diskKey)}`;
        if (found !== wanted) throw new RowConflictError('vm_disks', `volume ${disk.volumeId}`, wanted, found);
      }
    },

    async remove(tx, vm, diskKey, volumeId) {
      await transactionOf(tx)
        .deleteFrom('vm_disks')
        .where((eb) => eb.and({ ...sourceVmColumns(vm), disk_key: diskKey, volume_id: volumeId }))
        .execute();
    },

    async ofVm(vm) {
      const rows = await db
        .selectFrom('vm_disks')
        .selectAll()
        .where((eb) => eb.and(sourceVmColumns(vm)))
        .orderBy('disk_key')
        .execute();
      return rows.map((row) => ({
        ...sourceVmOf(row),
        diskKey: row.disk_key,
        volumeId: row.volume_id,
        ...(row.backing_uuid === null ? {} : { backingUuid: row.backing_uuid }),
        boot: row.boot,
      }));
    },

    async vmsOf(sourceVmId) {
      const rows = await db
        .selectFrom('vm_disks')
        .select(['site', 'source_id', 'source_vm_id'])
        .distinct()
        .where('source_vm_id', '=', sourceVmId)
        .execute();
      return rows.map(sourceVmOf);
    },
  };
}
