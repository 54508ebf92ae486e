import { ExportServerError } from '../appliance/ports';
import { DatabaseUnavailableError } from '../database/errors';
import { ClaimLostError } from '../database/fence';
import { VmOperationActiveError } from '../database/vm-operations';
import { OperationActiveError } from '../database/volume-operations';
import { DiskferryFailure, failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { cloudStackFailure } from '../site/cloudstack-failure';

/** Where an error came from, for its message. */
export interface ErrorPlace {
  readonly activity: string;
  readonly site: string;
  readonly applianceId: string;
}

/**
 * Makes the failure of the one table out of whatever an activity threw. A step's own failures come as they are; here is what every
 * step may meet: nobody answered, the claim is gone, another operation stands, or a fault of ours.
 */
export function translateError(error: unknown, place: ErrorPlace): DiskferryFailure {
  if (error instanceof DiskferryFailure) return error;
  if (error instanceof ClaimLostError) {
    const { fence, holder, epoch } = error;
    return failure(
      'claim-lost',
      {
        runId: fence.runId,
        workflowId: fence.workflowId,
        vm: sourceVmPath(fence),
        holder: holder === undefined ? 'nobody' : `${holder.workflowId} (run ${holder.runId})`,
        epoch,
      },
      { cause: error },
    );
  }
  if (error instanceof OperationActiveError) {
    const { active } = error;
    return failure(
      'operation-active',
      {
        volumeId: active.volumeId ?? active.volumeName ?? '?',
        operationId: active.id,
        kind: active.kind,
        owner: active.workflowId,
        vm: sourceVmPath(active),
      },
      { cause: error },
    );
  }
  if (error instanceof VmOperationActiveError) {
    const { active } = error;
    return failure(
      'vm-operation-active',
      {
        name: active.failoverVmName,
        operationId: active.id,
        kind: active.kind,
        owner: active.workflowId,
        vm: sourceVmPath(active),
      },
      { cause: error },
    );
  }
  const met = cloudStackFailure(error, place.site);
  if (met !== undefined) return met;
  if (error instanceof ExportServerError) {
    return failure(
      'export-server-down',
      { applianceId: place.applianceId, socket: error.socketPath, cause: error.evidence },
      { cause: error },
    );
  }
  if (error instanceof DatabaseUnavailableError) {
    return failure('database-unavailable', { address: error.address, cause: error.reason }, { cause: error });
  }
  const cause = error instanceof Error ? error.message : String(error);
  return failure('internal', { where: place.activity, cause }, { cause: error });
}
