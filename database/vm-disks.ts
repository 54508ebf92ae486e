import type { SourceVmKey } from '../domain/names';
import type { Tx } from './database';

/** Source VM and disk key ↔ volume; one row per disk, so that a disk keeps its volume from run to run. */
export interface VmDisk extends SourceVmKey {
  readonly diskKey: number;
  readonly volumeId: string;
  readonly backingUuid?: string;
  readonly boot: boolean;
}

export interface VmDisks {
  /** Inserts or replaces the disk's row. */
  set(tx: Tx, disk: VmDisk): Promise<void>;
  /** Removes the row if it still names this volume. */
  remove(tx: Tx, vm: SourceVmKey, diskKey: number, volumeId: string): Promise<void>;
  ofVm(vm: SourceVmKey): Promise<VmDisk[]>;
}
