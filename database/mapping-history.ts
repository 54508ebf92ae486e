import { type Kysely, type Selectable } from 'kysely';
import { z } from 'zod';
import { readValue } from './row-json';
import type { Tables } from './schema';

/** One place in which a volume is or was mapped. */
export interface MappedPlace {
  readonly devicePath: string;
  /** the CloudStack VM */
  readonly vmId: string;
  readonly volumeId: string;
  /** absent in rows of the older system */
  readonly deviceNode?: string;
  readonly role: 'replica' | 'test_root' | 'test_data' | 'live_root' | 'live_data';
  readonly mappedAt: string;
  /** absent while it is mapped there */
  readonly unmappedAt?: string;
  readonly unmappedBecause?: string;
  readonly ownerWorkflowId: string;
}

export interface MappingHistory {
  /** Where a volume was mapped, oldest first; the last is the live one, if there is any. */
  ofVolume(volumeId: string): Promise<MappedPlace[]>;
}

const roleSchema = z.enum(['replica', 'test_root', 'test_data', 'live_root', 'live_data']);

export function makeMappingHistory(db: Kysely<Tables>): MappingHistory {
  return {
    async ofVolume(volumeId) {
      // One transaction, or a mapping that is moved to the history between the two reads would be missing or shown twice.
      return await db
        .transaction()
        .setIsolationLevel('repeatable read')
        .execute(async (trx) => {
          const past = await trx
            .selectFrom('device_mapping_history')
            .selectAll()
            .where('volume_uuid', '=', volumeId)
            .orderBy('id')
            .execute();
          const live = await trx
            .selectFrom('device_mappings')
            .selectAll()
            .where('volume_uuid', '=', volumeId)
            .execute();
          return [
            ...past.map((row) => ({
              ...placeOf(row),
              unmappedAt: row.unmapped_at,
              unmappedBecause: row.unmapped_because,
            })),
            ...live.map(placeOf),
          ];
        });
    },
  };
}

function placeOf(row: Selectable<Tables['device_mappings' | 'device_mapping_history']>): MappedPlace {
  return {
    devicePath: row.device_path,
    vmId: row.vm_id,
    volumeId: row.volume_uuid,
    ...(row.device_node === null ? {} : { deviceNode: row.device_node }),
    role: readValue('device_mappings', row.device_path, roleSchema, row.role),
    mappedAt: row.created_at,
    ownerWorkflowId: row.owner_workflow_id,
  };
}
