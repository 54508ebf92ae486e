import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { failure } from '../domain/failures';
import { asFailoverError } from './failover-next';
import { closingFailure } from './run-failure';

/** Has the failures of a call name the commands of failovers. */
export async function failoverWords<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw asFailoverError(error);
  }
}

/**
 * Waits for the end of a run.
 *
 * @param name - the VM or the group, as commands name it
 * @throws DiskferryFailure with which it ended, or `failover-unknown`
 */
export async function failoverResultOf(
  temporal: Client,
  workflowId: string,
  runId: string | undefined,
  name: string,
): Promise<unknown> {
  return await failoverWords(async () => {
    try {
      return (await temporal.workflow.getHandle(workflowId, runId).result()) as unknown;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw failure('failover-unknown', { vm: name });
      throw closingFailure(error, name, runId ?? '');
    }
  });
}
