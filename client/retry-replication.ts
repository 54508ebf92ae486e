import { WorkflowNotFoundError } from '@temporalio/client';
import { failure } from '../domain/failures';
import { replicationWorkflowId, sourceVmPath, type SourceVmKey } from '../domain/names';
import { memoOf } from './run-memo';
import { parseRequest } from './request-file';
import { startReplication, type StartedReplication, type StartServices } from './start-replication';

/** Ways in which a run closes without having done what was asked; its request may be sent again as it was. */
const unsuccessful: ReadonlySet<string> = new Set(['FAILED', 'TERMINATED', 'TIMED_OUT']);

/**
 * Starts the request of a VM's last run again, under a new request id, when that run was rolled back, abandoned or ended from
 * outside.
 *
 * @throws DiskferryFailure `update-refused` when the run ended well or its request is not known any more, `vm-unknown`
 */
export async function retryEndedReplication(services: StartServices, vm: SourceVmKey): Promise<StartedReplication> {
  const path = sourceVmPath(vm);
  const refuse = (reason: string) => failure('update-refused', { vm: path, update: 'retry', reason });
  try {
    const description = await services.temporal.workflow.getHandle(replicationWorkflowId(vm)).describe();
    if (!unsuccessful.has(description.status.name)) throw refuse(`it has ended (${description.status.name})`);
    const request = memoOf(description)?.request;
    if (request === undefined)
      throw refuse('its request is not known any more: send it again with diskferry replicate');
    return await startReplication(services, parseRequest(request));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw failure('vm-unknown', { vm: path }, { cause: error });
    throw error;
  }
}
