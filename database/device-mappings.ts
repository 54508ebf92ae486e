import { type Kysely, type Selectable, sql } from 'kysely';
import { z } from 'zod';
import { parseDevicePath } from '../domain/device-path';
import { bytesSchema, uuidSchema } from '../domain/identifiers';
import type { Tx } from './database';
import { isDuplicateKey } from './errors';
import { readValue } from './row-json';
import type { Tables } from './schema';
import { now } from './sql-parts';
import { transactionOf } from './tx';

export interface DeviceMapping {
  readonly devicePath: string;
  /** the CloudStack VM that the volume is attached to */
  readonly vmId: string;
  readonly volumeId: string;
  /** absent on a failover VM: nobody of ours can look into that guest */
  readonly deviceNode?: string;
  /** for people only; absent where the older system left it out */
  readonly cloudStackDeviceId?: number;
  readonly role: 'replica' | 'test_root' | 'test_data' | 'live_root' | 'live_data';
  readonly state: 'mapped';
  readonly sizeBytes: number;
  readonly ownerWorkflowId: string;
  /** first run id of the workflow run that made the row; a later run that finds it leaves it */
  readonly mappedByFirstRunId: string;
  readonly createdAt: string;
}

/** Live rows only; unmapped ones stand in device_mapping_history. The two queries of the job sheet work on this table. */
export interface DeviceMappings {
  /**
   * Inserts a row. A duplicate on the same volume, path and node is success (`there`); on another it is a conflict: the
   * unique keys (device_path; volume_uuid; vm_id + device_node) decide, not a check. A row that was adopted from the older system
   * for this volume on this VM is success too: it keeps its path and gets the proven node.
   */
  map(
    tx: Tx,
    mapping: Omit<DeviceMapping, 'state' | 'createdAt'>,
  ): Promise<
    | { outcome: 'mapped' | 'there'; mapping: DeviceMapping }
    | { outcome: 'conflict'; what: string; other: DeviceMapping }
  >;
  /**
   * Moves the live row of a volume to the history; false when there is none.
   *
   * @param vmId - only a row on this VM: by the time that a late call comes, the volume may be mapped on the next one
   */
  unmap(tx: Tx, volumeId: string, because: string, vmId?: string): Promise<boolean>;
  ofVolume(volumeId: string): Promise<DeviceMapping | undefined>;
  list(filter?: { vmId?: string }): Promise<DeviceMapping[]>;
}

const roleSchema = z.enum(['replica', 'test_root', 'test_data', 'live_root', 'live_data']);

/** What a row must be to be used: hands and older installations have written to tables like this one. */
const rowSchema = z.object({
  device_path: z.string().min(1),
  vm_id: uuidSchema,
  volume_uuid: uuidSchema,
  device_node: z.string().min(1).nullable(),
  cloudstack_device_id: z.int().min(0).nullable(),
  role: roleSchema,
  state: z.literal('mapped'),
  size_bytes: bytesSchema,
  owner_workflow_id: z.string(),
  mapped_by_first_run_id: z.string(),
  created_at: z.string(),
});

type Row = Selectable<Tables['device_mappings']>;

const movedColumns = [
  'device_path',
  'vm_id',
  'volume_uuid',
  'device_node',
  'cloudstack_device_id',
  'role',
  'state',
  'size_bytes',
  'owner_workflow_id',
  'mapped_by_first_run_id',
  'created_at',
] as const satisfies readonly (keyof Row)[];

export function makeDeviceMappings(db: Kysely<Tables>): DeviceMappings {
  return {
    async map(tx, mapping) {
      const trx = transactionOf(tx);
      for (let round = 1; ; round += 1) {
        let outcome: 'mapped' | 'there' = 'mapped';
        try {
          await trx.insertInto('device_mappings').values(newRow(mapping)).execute();
        } catch (error) {
          if (!isDuplicateKey(error) || round === 3) throw error;
          outcome = 'there';
        }
        const rows = await rowsInTheWay(trx, mapping);
        for (const row of rows) {
          const what = difference(row, mapping);
          if (what !== undefined) return { outcome: 'conflict', what, other: mappingOf(row) };
        }
        const own = rows[0];
        if (own !== undefined) return { outcome, mapping: mappingOf(await proven(trx, own, mapping)) };
        // Whatever was in the way was unmapped between the two statements: the place is free now.
      }
    },

    async unmap(tx, volumeId, because, vmId) {
      const trx = transactionOf(tx);
      let query = trx.selectFrom('device_mappings').select('id').where('volume_uuid', '=', volumeId).forUpdate();
      if (vmId !== undefined) query = query.where('vm_id', '=', vmId);
      const row = await query.executeTakeFirst();
      if (row === undefined) return false;
      await trx
        .insertInto('device_mapping_history')
        .columns([...movedColumns, 'unmapped_at', 'unmapped_because'])
        .expression(
          trx
            .selectFrom('device_mappings')
            .select([...movedColumns, now.as('unmapped_at'), sql<string>`${because}`.as('unmapped_because')])
            .where('id', '=', row.id),
        )
        .execute();
      await trx.deleteFrom('device_mappings').where('id', '=', row.id).execute();
      return true;
    },

    async ofVolume(volumeId) {
      const row = await db
        .selectFrom('device_mappings')
        .selectAll()
        .where('volume_uuid', '=', volumeId)
        .executeTakeFirst();
      return row === undefined ? undefined : mappingOf(row);
    },

    async list(filter = {}) {
      let query = db.selectFrom('device_mappings').selectAll().orderBy('vm_id').orderBy('device_path');
      if (filter.vmId !== undefined) query = query.where('vm_id', '=', filter.vmId);
      return (await query.execute()).map(mappingOf);
    },
  };
}

type Mapping = Parameters<DeviceMappings['map']>[1];

/** The rows that hold one of the three things that only one row may hold. */
async function rowsInTheWay(trx: Kysely<Tables>, mapping: Mapping): Promise<Row[]> {
  return await trx
    .selectFrom('device_mappings')
    .selectAll()
    .where((eb) =>
      eb.or([
        eb('device_path', '=', mapping.devicePath),
        eb('volume_uuid', '=', mapping.volumeId),
        ...(mapping.deviceNode === undefined ? [] : [eb.and({ vm_id: mapping.vmId, device_node: mapping.deviceNode })]),
      ]),
    )
    .orderBy('id')
    .execute();
}

/** What of this mapping the row holds for something else, in words; undefined when it is this very mapping. */
function difference(row: Row, mapping: Mapping): string | undefined {
  if (isOlderRowOf(row, mapping)) return undefined;
  const path = row.device_path === mapping.devicePath;
  const volume = row.volume_uuid === mapping.volumeId;
  const node = row.vm_id === mapping.vmId && row.device_node === (mapping.deviceNode ?? null);
  if (path && volume && node) return undefined;
  if (path) return `device path ${mapping.devicePath}`;
  if (volume) return `volume ${mapping.volumeId}`;
  return `device node ${mapping.deviceNode ?? 'none'} of VM ${mapping.vmId}`;
}

/**
 * The row that the older system made for this very volume on this very VM, under one of its own paths. It was adopted and keeps its
 * path, which is as unique, until it is unmapped or an operator has the paths rewritten.
 */
function isOlderRowOf(row: Row, mapping: Mapping): boolean {
  const { form } = parseDevicePath(row.device_path);
  return (
    row.volume_uuid === mapping.volumeId &&
    row.vm_id === mapping.vmId &&
    row.role === mapping.role &&
    form !== 'current' &&
    form !== 'unknown'
  );
}

/** An older row says where its device was once; from now on it says what was proven. */
async function proven(trx: Kysely<Tables>, row: Row, mapping: Mapping): Promise<Row> {
  const known = { device_node: mapping.deviceNode ?? null, cloudstack_device_id: mapping.cloudStackDeviceId ?? null };
  if (!isOlderRowOf(row, mapping)) return row;
  await trx
    .updateTable('device_mappings')
    .set({ ...known, size_bytes: mapping.sizeBytes })
    .where('id', '=', row.id)
    .execute();
  return { ...row, ...known, size_bytes: mapping.sizeBytes };
}

function newRow(mapping: Mapping) {
  return {
    device_path: mapping.devicePath,
    vm_id: mapping.vmId,
    volume_uuid: mapping.volumeId,
    device_node: mapping.deviceNode ?? null,
    cloudstack_device_id: mapping.cloudStackDeviceId ?? null,
    role: mapping.role,
    state: 'mapped',
    size_bytes: mapping.sizeBytes,
    owner_workflow_id: mapping.ownerWorkflowId,
    mapped_by_first_run_id: mapping.mappedByFirstRunId,
    created_at: now,
  };
}

function mappingOf(stored: Row): DeviceMapping {
  const row = readValue('device_mappings', stored.device_path, rowSchema, stored);
  return {
    devicePath: row.device_path,
    vmId: row.vm_id,
    volumeId: row.volume_uuid,
    ...(row.device_node === null ? {} : { deviceNode: row.device_node }),
    ...(row.cloudstack_device_id === null ? {} : { cloudStackDeviceId: row.cloudstack_device_id }),
    role: row.role,
    state: row.state,
    sizeBytes: row.size_bytes,
    ownerWorkflowId: row.owner_workflow_id,
    mappedByFirstRunId: row.mapped_by_first_run_id,
    createdAt: row.created_at,
  };
}
