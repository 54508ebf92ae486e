import type { FailureRecord } from '../../domain/failures';
import type { PendingActivity } from '../pending-activities';
import type { ActivityFact, HistoryFact } from './history-facts';
import type { Operation } from './operation-sentences';

/** The call that fails now, or that ended the run. */
export interface FailingCall {
  /** the step, the undo, or the kind of operation */
  readonly call: string;
  readonly diskKey?: number;
  readonly message: string;
  /** the words of CloudStack, or of whoever else refused it, alone */
  readonly ownWords?: string;
  /** code of the table of failures */
  readonly code?: string;
  readonly next?: string;
  /** the operation row, and the CloudStack job that it names */
  readonly operationId?: string;
  readonly jobId?: string;
}

/** Finds it in what there is: the history, what the server tries again, the operation rows, the row of the run. */
export function failingCall(seen: {
  readonly facts: readonly HistoryFact[] | undefined;
  readonly operations: readonly Operation[];
  readonly pending: readonly PendingActivity[];
  readonly rowFailure: FailureRecord | undefined;
}): FailingCall | undefined {
  const { facts = [], operations, pending, rowFailure } = seen;
  const waiting = pending.find(({ lastFailure }) => lastFailure !== undefined);
  if (waiting?.lastFailure !== undefined) {
    return withOperation(
      { call: waiting.activity, message: waiting.lastFailure, ...diskPart(waiting.diskKey) },
      operations,
    );
  }
  const failed = standingFailure(facts);
  if (failed !== undefined) return withOperation(callOf(failed), operations);
  const ending = facts.filter((fact) => fact.what === 'ended').at(-1)?.records ?? [];
  const record = ending[1] ?? ending[0] ?? rowFailure;
  const row = operations.filter(({ state }) => state === 'failed').at(-1);
  if (record === undefined) return undefined;
  if (facts.length > 0 || row?.failure === undefined) return { call: 'the run', ...recordParts(record) };
  // Without history the rows say which call it was, in the words that it was answered with.
  return {
    ...recordParts(record),
    call: row.kind,
    ownWords: row.failure,
    ...diskPart(row.diskKey),
    ...operationPart(row),
  };
}

/** The last activity that failed and did not succeed later, on the same disk. */
function standingFailure(facts: readonly HistoryFact[]): ActivityFact | undefined {
  const activities = facts.filter((fact): fact is ActivityFact => fact.what === 'activity');
  return activities
    .filter(
      (fact, index) =>
        fact.end === 'failed' &&
        !activities
          .slice(index + 1)
          .some(
            ({ activity, diskKey, end }) => end === 'done' && activity === fact.activity && diskKey === fact.diskKey,
          ),
    )
    .at(-1);
}

function callOf({ activity, diskKey, failure }: ActivityFact): FailingCall {
  const parts =
    failure?.record === undefined
      ? { message: failure?.message ?? 'no reason is recorded' }
      : recordParts(failure.record);
  return { call: activity, ...diskPart(diskKey), ...parts };
}

function recordParts({ code, message, next, fields }: FailureRecord): Omit<FailingCall, 'call'> {
  const { cause } = fields;
  return { message, code, next, ...(cause !== undefined && cause !== message && { ownWords: String(cause) }) };
}

/** With the row of the operation that the call made, if it has one. */
function withOperation(call: FailingCall, operations: readonly Operation[]): FailingCall {
  const kind = kinds[call.call];
  const row = operations
    .filter(
      (each) =>
        each.kind === kind && each.state !== 'done' && (call.diskKey === undefined || each.diskKey === call.diskKey),
    )
    .at(-1);
  return row === undefined ? call : { ...call, ...operationPart(row) };
}

const kinds: Readonly<Record<string, Operation['kind']>> = {
  createVolume: 'create',
  attachVolume: 'attach',
  detachVolume: 'detach',
  deleteVolume: 'delete',
  beginCopy: 'protect',
  snapshotVolume: 'snapshot',
  deleteSnapshot: 'delete-snapshot',
  restoreVolume: 'restore',
  deployVm: 'deploy',
  clearRoot: 'clear-root',
  attachToVm: 'attach',
  detachFromVm: 'detach',
  startVm: 'start',
  stopVm: 'stop',
  removeVm: 'expunge',
};

function operationPart({ id, jobId }: Operation): Pick<FailingCall, 'operationId' | 'jobId'> {
  return { operationId: id, ...(jobId !== undefined && { jobId }) };
}

function diskPart(diskKey: number | undefined): Pick<FailingCall, 'diskKey'> {
  return diskKey === undefined ? {} : { diskKey };
}
