import type { SnapshotVolumeInput, SnapshotVolumeOutput } from '../domain/failover-io';
import type { FailureCode } from '../domain/failures';
import type { Proof } from './undo-until-proven';

/** What work that a replication and a failover have in common asks of a ledger; both of theirs have it. */
export interface StepLedger {
  run(
    diskKey: number,
    step: 'snapshotVolume',
    input: SnapshotVolumeInput,
    giveUpOn: readonly FailureCode[],
  ): Promise<SnapshotVolumeOutput>;
  attempt<T>(item: number | 'vm', step: string, call: () => Promise<T>): Promise<T>;
  oweCall(diskKey: number, name: string, input: object, call: () => Promise<Proof>): void;
  paid(diskKey: number, name: string): void;
}
