import type { SourceVmKey } from '../domain/names';
import type { Tx } from './database';

export type VmOperationKind = 'deploy' | 'clear-root' | 'start' | 'stop' | 'destroy' | 'expunge';

/** One row per operation on a failover VM, as volume_operations has them for volumes. Rows are never removed. */
export interface VmOperation extends SourceVmKey {
  readonly id: string;
  readonly kind: VmOperationKind;
  readonly attempt: number;
  /** known from the start for everything but a deploy without a chosen id */
  readonly failoverVmId?: string;
  readonly failoverVmName: string;
  /** the CloudStack job id chosen before sending */
  readonly jobId?: string;
  /** true when the VM's id was chosen before sending (customid) */
  readonly choseVmId: boolean;
  /** clear-root: the root volume that the template made, so that it is deleted even after it was detached */
  readonly rootVolumeId?: string;
  readonly state: 'recorded' | 'done' | 'failed';
  readonly failure?: string;
  readonly workflowId: string;
  readonly firstRunId: string;
  readonly runId: string;
  readonly activityId: string;
  readonly epoch: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** At most one `recorded` row per failover VM: a unique key on a generated column. */
export class VmOperationActiveError extends Error {
  constructor(readonly active: VmOperation) {
    super(
      `failover VM ${active.failoverVmId ?? active.failoverVmName} has an unfinished ${active.kind} (${active.id})`,
    );
    this.name = 'VmOperationActiveError';
  }
}

export interface VmOperations {
  /**
   * Writes the row of an operation that is about to be sent; a row of the same id stays as it is.
   *
   * @throws VmOperationActiveError when another unfinished one stands for the same VM
   */
  record(tx: Tx, operation: Omit<VmOperation, 'state' | 'failure' | 'createdAt' | 'updatedAt'>): Promise<void>;
  /** Closes a row; one that is final already stays as it is. */
  finish(tx: Tx, id: string, end: { state: 'done' | 'failed'; failoverVmId?: string; failure?: string }): Promise<void>;
  get(id: string): Promise<VmOperation | undefined>;
  /** The unfinished operation of a failover VM, whoever's it is. */
  active(failoverVmId: string): Promise<VmOperation | undefined>;
  /** Operations of a source VM, oldest first. */
  ofSourceVm(
    vm: SourceVmKey,
    filter?: { kind?: VmOperationKind; firstRunId?: string; attempt?: number },
  ): Promise<VmOperation[]>;
  /** Operations on one failover VM, oldest first. */
  ofVm(failoverVmId: string): Promise<VmOperation[]>;
}
