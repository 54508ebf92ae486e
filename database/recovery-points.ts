import type { PointPurpose } from '../domain/failover-io';
import type { SourceVmKey } from '../domain/names';
import type { Tx } from './database';

/**
 * `taking`: its snapshots are being made. `complete`: all of them are there. `removing`: they are being deleted, it counts for
 * nothing. `gone`: none is left.
 */
export type PointState = 'taking' | 'complete' | 'removing' | 'gone';

/** One recovery point: snapshots of all volumes of a VM, all or none. Rows are never removed. */
export interface RecoveryPoint extends SourceVmKey {
  readonly id: string;
  readonly purpose: PointPurpose;
  readonly state: PointState;
  readonly workflowId: string;
  readonly firstRunId: string;
  readonly createdAt: string;
  readonly completedAt?: string;
  readonly goneAt?: string;
  readonly snapshots: readonly PointSnapshotRow[];
}

export interface PointSnapshotRow {
  readonly diskKey: number;
  readonly boot: boolean;
  readonly volumeId: string;
  readonly sizeBytes: number;
  /** the volume's generation and verified hash when the point was opened */
  readonly generation: number;
  readonly hash?: string;
  /** set when the snapshot is known */
  readonly snapshotId?: string;
  readonly snapshotName?: string;
  readonly goneAt?: string;
}

export interface RecoveryPoints {
  /** Inserts the point as `taking` with a row for each disk; one of the same id stays as it is. */
  open(
    tx: Tx,
    point: Pick<RecoveryPoint, 'id' | 'purpose' | 'workflowId' | 'firstRunId'> &
      SourceVmKey & {
        readonly disks: readonly Omit<PointSnapshotRow, 'snapshotId' | 'snapshotName' | 'goneAt'>[];
      },
  ): Promise<void>;
  /** @throws RowMissingError */
  setSnapshot(
    tx: Tx,
    pointId: string,
    diskKey: number,
    snapshot: { snapshotId: string; snapshotName: string },
  ): Promise<void>;
  markSnapshotGone(tx: Tx, pointId: string, diskKey: number): Promise<void>;
  /** `complete` only from `taking`; `removing` from anywhere but `gone`; `gone` always. True when the row is in that state now. */
  setState(tx: Tx, pointId: string, state: 'complete' | 'removing' | 'gone'): Promise<boolean>;
  get(pointId: string): Promise<RecoveryPoint | undefined>;
  /** Points of a VM that are not gone, newest first. */
  ofVm(vm: SourceVmKey): Promise<RecoveryPoint[]>;
  /** Points of all VMs that are not gone, newest first. */
  list(): Promise<RecoveryPoint[]>;
}
