import type { VolumeOperation, VolumeOperations } from '../database/volume-operations';
import type { VolumeRef } from '../domain/step-io';

/** What this run did about attaching a volume to the appliance. */
export type AttachHistory =
  | 'never'
  /** it was attached there before the run's first act */
  | 'found-attached'
  | 'attached-by-us';

/** Read from the operation rows, so that a step that is repeated does not take its own effect for something found. */
export function judgeAttachHistory(operations: readonly VolumeOperation[], volume: VolumeRef): AttachHistory {
  const first = operations.find((operation) => isAttachOf(operation, volume));
  if (first === undefined) return 'never';
  return first.found?.['attached'] === true ? 'found-attached' : 'attached-by-us';
}

/** Whether an operation is an attach of this volume to this appliance by this run. */
export function isAttachOf(operation: VolumeOperation, volume: VolumeRef): boolean {
  return (
    operation.kind === 'attach' && operation.firstRunId === volume.firstRunId && operation.vmId === volume.applianceId
  );
}

export async function attachHistory(operations: VolumeOperations, volume: VolumeRef): Promise<AttachHistory> {
  return judgeAttachHistory(await operations.ofVolume(volume.volumeId), volume);
}
