import type { Connection, RowDataPacket } from 'mysql2/promise';
import { OLDER_OWNER } from '../../domain/names';
import { asDateTime } from '../sql-parts';
import { AdoptionError } from './adoption-error';
import type { AdoptionPlan, PlannedMapping, PlannedOperation } from './adoption-plan';

/**
 * Writes the rows of a plan into our tables, in the transaction of the caller. Every volume counts as holding data and none as
 * verified: nobody knows how far the older system's last copy came.
 *
 * @throws AdoptionError `unproven` when a row, read again, is not there
 */
export async function writeAdopted(connection: Connection, plan: AdoptionPlan, adoptionId: string): Promise<void> {
  for (const mapping of plan.mappings) {
    await connection.query('INSERT INTO device_mappings SET ?', [mappingRow(mapping, adoptionId)]);
  }
  for (const mapping of plan.past) {
    await connection.query(
      'INSERT INTO device_mapping_history SET ?, created_at = UTC_TIMESTAMP(3), unmapped_at = UTC_TIMESTAMP(3), unmapped_because = ?',
      [mappingRow(mapping, adoptionId), `not adopted as live: ${mapping.because}`],
    );
  }
  for (const disk of plan.disks) {
    const of = { site: disk.site, source_id: disk.sourceId, source_vm_id: disk.sourceVmId };
    await connection.query('INSERT INTO volumes SET ?, created_at = UTC_TIMESTAMP(3)', [
      {
        ...of,
        volume_id: disk.volumeId,
        volume_name: disk.volumeName,
        disk_key: disk.diskKey,
        size_bytes: disk.sizeBytes,
        created_by_workflow_id: OLDER_OWNER,
        created_by_first_run_id: adoptionId,
        copy_begun: true,
        generation: 1,
        kept_because: 'it was adopted from the older installation',
      },
    ]);
    await connection.query('INSERT INTO vm_disks SET ?', [
      { ...of, disk_key: disk.diskKey, volume_id: disk.volumeId, boot: disk.boot },
    ]);
  }
  for (const operation of plan.operations) {
    await connection.query('INSERT INTO adopted_operations SET ?', [operationRow(operation, adoptionId)]);
  }
  await proveAdopted(connection, plan);
}

async function proveAdopted(connection: Connection, plan: AdoptionPlan): Promise<void> {
  const missing: string[] = [];
  for (const { devicePath, volumeId, vmId } of plan.mappings) {
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT id FROM device_mappings WHERE device_path = ? AND volume_uuid = ? AND vm_id = ?',
      [devicePath, volumeId, vmId],
    );
    if (rows.length !== 1) missing.push(`device_mappings has no row ${devicePath} of volume ${volumeId}`);
  }
  for (const { diskKey, volumeId } of plan.disks) {
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT d.volume_id FROM vm_disks d JOIN volumes v ON v.volume_id = d.volume_id AND v.disk_key = d.disk_key
       WHERE d.volume_id = ? AND d.disk_key = ? AND v.copy_begun`,
      [volumeId, diskKey],
    );
    if (rows.length !== 1) missing.push(`vm_disks and volumes do not agree on volume ${volumeId}`);
  }
  const [operations] = await connection.query<RowDataPacket[]>('SELECT id FROM adopted_operations');
  const there = new Set(operations.map((row) => String(row['id'])));
  for (const { id } of plan.operations) if (!there.has(id)) missing.push(`adopted_operations has no row ${id}`);
  const [twice] = await connection.query<RowDataPacket[]>(
    'SELECT device_path, COUNT(*) FROM device_mappings GROUP BY device_path HAVING COUNT(*) > 1',
  );
  missing.push(...twice.map((row) => `device path ${String(row['device_path'])} stands twice`));
  if (missing.length > 0) throw new AdoptionError('unproven', missing);
}

function mappingRow(mapping: PlannedMapping, adoptionId: string): Record<string, unknown> {
  return {
    device_path: mapping.devicePath,
    vm_id: mapping.vmId,
    volume_uuid: mapping.volumeId,
    device_node: mapping.deviceNode,
    cloudstack_device_id: mapping.cloudStackDeviceId,
    role: mapping.role,
    state: 'mapped',
    size_bytes: mapping.sizeBytes,
    owner_workflow_id: OLDER_OWNER,
    mapped_by_first_run_id: adoptionId,
  };
}

function operationRow(operation: PlannedOperation, adoptionId: string): Record<string, unknown> {
  const { disk, at } = operation;
  return {
    site: disk.site,
    source_id: disk.sourceId,
    source_vm_id: disk.sourceVmId,
    id: operation.id,
    adoption_id: adoptionId,
    kind: operation.kind,
    disk_key: disk.diskKey,
    volume_id: disk.volumeId,
    vm_id: operation.vmId ?? null,
    older_status: operation.status,
    error: operation.error ?? null,
    older_at: at === undefined ? null : asDateTime(at),
  };
}

/** The volumes that a plan writes rows of. */
export function volumesOf(plan: AdoptionPlan): string[] {
  return [...new Set([...plan.mappings, ...plan.past, ...plan.disks].map(({ volumeId }) => volumeId))];
}
