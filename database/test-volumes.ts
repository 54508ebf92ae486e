import type { SourceVmKey } from '../domain/names';
import type { Tx } from './database';

/**
 * A volume made from a snapshot for a test. It is no replica, so it stands in no other table, and it may go: what a test wrote is
 * thrown away with it.
 */
export interface TestVolume extends SourceVmKey {
  readonly volumeId: string;
  readonly volumeName: string;
  readonly diskKey: number;
  readonly sizeBytes: number;
  readonly pointId: string;
  readonly snapshotId: string;
  readonly firstRunId: string;
  readonly createdAt: string;
  readonly goneAt?: string;
}

export interface TestVolumes {
  /** Inserts the row, or leaves one of the same volume alone. */
  add(tx: Tx, volume: Omit<TestVolume, 'createdAt' | 'goneAt'>): Promise<void>;
  markGone(tx: Tx, volumeId: string): Promise<void>;
  get(volumeId: string): Promise<TestVolume | undefined>;
  /** Test volumes of a source VM that are not gone, by disk key. */
  ofVm(vm: SourceVmKey): Promise<TestVolume[]>;
}
