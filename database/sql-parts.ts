import { sql } from 'kysely';
import type { SourceVmKey } from '../domain/names';

/** The database's clock, in UTC: the one clock of all times in the tables. */
export const now = sql<string>`UTC_TIMESTAMP(3)`;

/** What MariaDB and MySQL both understand, unlike FOR SHARE. */
export const lockInShareMode = sql`LOCK IN SHARE MODE`;

/** The three columns of a source VM, to insert or to compare with. */
export function sourceVmColumns(vm: SourceVmKey): { site: string; source_id: string; source_vm_id: string } {
  return { site: vm.site, source_id: vm.sourceId, source_vm_id: vm.sourceVmId };
}

/** The source VM that a row belongs to. */
export function sourceVmOf(row: { site: string; source_id: string; source_vm_id: string }): SourceVmKey {
  return { site: row.site, sourceId: row.source_id, sourceVmId: row.source_vm_id };
}

/** An ISO time as a DATETIME literal takes it. */
export function asDateTime(iso: string): string {
  return new Date(iso).toISOString().replace('T', ' ').replace('Z', '');
}
