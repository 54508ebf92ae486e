import type { SourceVmKey } from '../domain/names';
import type { Tx } from './database';

export interface ApplianceSlot extends SourceVmKey {
  readonly applianceId: string;
  readonly diskKey: number;
  readonly ownerWorkflowId: string;
}

/** Data disk slots of appliances that are spoken for, so that two VMs cannot count the same free slot. */
export interface ApplianceSlots {
  /**
   * Reserves a slot for each disk that has none yet, if at most `limit` minus `foreign` would be spoken for (`foreign`: data
   * disks attached there that no slot accounts for). All or none; serialized per appliance.
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
  free(tx: Tx, vm: SourceVmKey, diskKey?: number): Promise<number>;
  list(applianceId?: string): Promise<ApplianceSlot[]>;
}
