import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { failure } from '../domain/failures';
import { replicationWorkflowId, sourceVmPath, type SourceVmKey } from '../domain/names';
import { memoOf } from './run-memo';

/** The request of a VM's last replication, as long as Temporal keeps its run; undefined afterwards. */
export async function lastReplicationRequest(temporal: Client, vm: SourceVmKey): Promise<object | undefined> {
  try {
    return memoOf(await temporal.workflow.getHandle(replicationWorkflowId(vm)).describe())?.request;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** Whether a request asks for a final sync by `"finalSync": true`: the request of the last replication, whatever it was. */
export function wantsLastRequest(request: unknown): request is { readonly finalSync: true } {
  return typeof request === 'object' && request !== null && 'finalSync' in request && request.finalSync === true;
}

/** The request without its `"finalSync": true`, to be checked before anybody is asked. */
export function withoutFinalSync(request: unknown): unknown {
  return wantsLastRequest(request) ? { ...request, finalSync: undefined } : request;
}

/**
 * Puts the request of the VM's last replication in the place of `"finalSync": true`; it writes onto the volumes that are there.
 *
 * @throws DiskferryFailure `request-invalid` when that request is not known any more
 */
export async function withLastRequest(temporal: Client, vm: SourceVmKey, request: unknown): Promise<unknown> {
  if (!wantsLastRequest(request)) return request;
  const last = await lastReplicationRequest(temporal, vm);
  if (last === undefined) {
    const problems = `finalSync is true, but the request of the last replication of VM ${sourceVmPath(vm)} is not known any more: write it there instead of true`;
    throw failure('request-invalid', { problems });
  }
  return { ...request, finalSync: { ...last, overwrite: true } };
}
