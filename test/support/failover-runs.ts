import { expect } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { failoverRequestSchema } from '../../domain/failover-request';
import type { FailoverState } from '../../domain/failover-state';
import type { FailureRecord } from '../../domain/failures';
import { failureRecordSchema } from '../../domain/failures';
import type { FailOverVmInput } from '../../workflows/inputs';
import type { Call } from './scripted-activities';
import { APPLIANCE, SOURCE_VM } from './workflow-world';

export const REQUEST_ID = '7d9a6f0e-37a9-4e0c-9d0e-6f4c3a0b1c2d';
/** What every request of these tests has; quick to give up. */
export const COMMON = {
  schemaVersion: 1,
  site: 'qc',
  source: { id: 'vcenter-qc', vm: SOURCE_VM, name: 'pgtest1' },
  appliance: APPLIANCE,
  budgets: { stepAttempts: 2, provisioningAttempts: 1, stepPause: '50ms', provisioningPause: '50ms' },
} as const;
const TARGET = { name: 'pgtest1-x', serviceOffering: 'small', template: 'shell', networks: [{ network: 'sandbox' }] };

/** The input of a failover, test or live, with what the case adds to its request. */
export function failoverInput(kind: 'test' | 'live', request: Record<string, unknown> = {}): FailOverVmInput {
  return {
    request: { ...failoverRequestSchema.parse({ ...COMMON, kind, target: TARGET, ...request }), requestId: REQUEST_ID },
    requestDigest: 'd',
    searchAttributes: true,
  };
}

/** Waits until the state of a failover is as asked; fails with the last one seen. */
export async function untilFailover(
  handle: WorkflowHandle,
  met: (state: FailoverState) => boolean,
): Promise<FailoverState> {
  let last: FailoverState | undefined;
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    last = await handle.query<FailoverState>('state');
    if (met(last)) return last;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw new Error(`the run never became as expected; last seen: ${JSON.stringify(last, null, 1)}`);
}

/** The failure records that a run closed with: its own, then its cause. */
export async function closingRecords(result: Promise<unknown>): Promise<FailureRecord[]> {
  const error: unknown = await result.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(WorkflowFailedError);
  const cause = (error as WorkflowFailedError).cause;
  expect(cause).toBeInstanceOf(ApplicationFailure);
  return ((cause as ApplicationFailure).details ?? []).map((detail) => failureRecordSchema.parse(detail));
}

/** The names of the calls in order, without those that only record; a run of equal ones is shown as one. */
export function story(calls: readonly Call[]): string[] {
  const names = calls.map((call) => call.name as string).filter((name) => !/^record(Phase|Failover)$/.test(name));
  return names.filter((name, index) => name !== names[index - 1]);
}
