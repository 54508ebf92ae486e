import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow';
import { optionalTsToDate } from '@temporalio/common/lib/time';
import { temporal } from '@temporalio/proto';
import { carriedRecord } from '../temporal/carried-records';

/** An activity that the server has not seen end: during server-side retries only the server knows attempt and last failure. */
export interface PendingActivity {
  readonly activity: string;
  readonly state: 'waiting' | 'running' | 'stopping';
  readonly attempt: number;
  /** the disk that its last failure names */
  readonly diskKey?: number;
  readonly lastFailure?: string;
  /** ISO time */
  readonly nextTryAt?: string;
}

/** The pending activities of a description, in their order. */
export async function pendingActivities(
  client: Client,
  description: WorkflowExecutionDescription,
): Promise<PendingActivity[]> {
  const { loadedDataConverter } = client.options;
  const states = temporal.api.enums.v1.PendingActivityState;
  return await Promise.all(
    (description.raw.pendingActivities ?? []).map(async (info) => {
      const error = await decodeOptionalFailureToOptionalError(loadedDataConverter, info.lastFailure);
      const record = carriedRecord(error);
      const diskKey = record?.fields['diskKey'];
      const nextTryAt = optionalTsToDate(info.nextAttemptScheduleTime)?.toISOString();
      return {
        activity: info.activityType?.name ?? '?',
        state:
          info.state === states.PENDING_ACTIVITY_STATE_STARTED
            ? ('running' as const)
            : info.state === states.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED
              ? ('stopping' as const)
              : ('waiting' as const),
        attempt: info.attempt ?? 1,
        ...(diskKey !== undefined && { diskKey: Number(diskKey) }),
        ...(error !== undefined && { lastFailure: record?.message ?? error.message }),
        ...(nextTryAt !== undefined && { nextTryAt }),
      };
    }),
  );
}
