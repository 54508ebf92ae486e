import type { SourceVmKey } from '../domain/names';
import type { Tx } from './database';

export type OperationKind = 'create' | 'attach' | 'detach' | 'delete' | 'protect';
/**
 * `recorded`: the row is there, nothing was sent as far as is known. `done` and `failed` are final; `failed` means proven to have
 * had no effect, or an effect that was taken back.
 */
export type OperationState = 'recorded' | 'done' | 'failed';

/** One row per create, attach, detach, delete: audit trail, and guard against a late detach. Rows are never removed. */
export interface VolumeOperation extends SourceVmKey {
  readonly id: string;
  readonly kind: OperationKind;
  readonly diskKey: number;
  readonly attempt: number;
  /** known from the start for everything but a create without a chosen volume id */
  readonly volumeId?: string;
  readonly volumeName?: string;
  /** the VM that it is attached to or detached from */
  readonly vmId?: string;
  /** the CloudStack job id chosen before sending */
  readonly jobId?: string;
  /** true when the volume's id was chosen before sending (customid) */
  readonly choseVolumeId: boolean;
  /** what was found before the first act of this kind by this run: a repeated step must not take its own effect for it */
  readonly found?: Readonly<Record<string, string | number | boolean>>;
  readonly state: OperationState;
  readonly failure?: string;
  /** the outcome was unknown at least once (lost answer, restart, cancelled job): a ghost disk may appear */
  readonly doubtful: boolean;
  readonly workflowId: string;
  readonly firstRunId: string;
  readonly runId: string;
  readonly activityId: string;
  readonly epoch: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** At most one `recorded` row per volume: a unique key on a generated column. */
export class OperationActiveError extends Error {
  constructor(readonly active: VolumeOperation) {
    super(`volume ${active.volumeId ?? '?'} has an unfinished ${active.kind} (${active.id})`);
    this.name = 'OperationActiveError';
  }
}

export interface VolumeOperations {
  /**
   * Writes the row of an operation that is about to be sent.
   *
   * @throws OperationActiveError when another unfinished one stands for the same volume
   */
  record(
    tx: Tx,
    operation: Omit<VolumeOperation, 'state' | 'failure' | 'doubtful' | 'createdAt' | 'updatedAt'>,
  ): Promise<void>;
  /** Closes a row. `volumeId` fills in what a create made. A row that is final already stays as it is. */
  finish(tx: Tx, id: string, end: { state: 'done' | 'failed'; volumeId?: string; failure?: string }): Promise<void>;
  markDoubtful(tx: Tx, id: string): Promise<void>;
  get(id: string): Promise<VolumeOperation | undefined>;
  /** The unfinished operation of a volume, whoever's it is. */
  active(volumeId: string): Promise<VolumeOperation | undefined>;
  /** Operations on one disk, oldest first. */
  ofDisk(
    vm: SourceVmKey,
    diskKey: number,
    filter?: { kind?: OperationKind; firstRunId?: string; attempt?: number },
  ): Promise<VolumeOperation[]>;
  /** Operations on one volume, oldest first. */
  ofVolume(volumeId: string): Promise<VolumeOperation[]>;
  unfinished(): Promise<VolumeOperation[]>;
}
