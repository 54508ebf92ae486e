import type { SourceVmKey } from '../domain/names';
import type { Tx } from './database';

/** What is known of a volume beyond CloudStack: who made it, for which disk, and whether it may hold data. */
export interface VolumeRecord extends SourceVmKey {
  readonly volumeId: string;
  readonly volumeName: string;
  readonly diskKey: number;
  readonly sizeBytes: number;
  readonly backingUuid?: string;
  /** first run id of the workflow that created it */
  readonly createdByWorkflowId: string;
  readonly createdByFirstRunId: string;
  /** a copy may have written it: nothing deletes it by machine */
  readonly copyBegun: boolean;
  /** raised by whatever may have written it besides our copier */
  readonly generation: number;
  readonly verifiedAt?: string;
  readonly verifiedHash?: string;
  /** set when it was deleted by us, or found gone */
  readonly goneAt?: string;
  readonly keptBecause?: string;
}

export interface Volumes {
  /** Inserts the row, or leaves an equal one alone. */
  add(
    tx: Tx,
    volume: Omit<VolumeRecord, 'copyBegun' | 'generation' | 'verifiedAt' | 'verifiedHash' | 'goneAt' | 'keptBecause'>,
  ): Promise<void>;
  get(volumeId: string): Promise<VolumeRecord | undefined>;
  /** Volumes of one source VM that are not gone, by disk key. */
  ofVm(vm: SourceVmKey): Promise<VolumeRecord[]>;
  beginCopy(tx: Tx, volumeId: string): Promise<void>;
  /** `hash` undefined marks it torn: not verified (any more). */
  setVerified(tx: Tx, volumeId: string, hash: string | undefined): Promise<void>;
  raiseGeneration(tx: Tx, volumeId: string): Promise<number>;
  keep(tx: Tx, volumeId: string, because: string): Promise<void>;
  markGone(tx: Tx, volumeId: string): Promise<void>;
}
