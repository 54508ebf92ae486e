import type { LoadedDataConverter } from '@temporalio/common';
import {
  decodeArrayFromPayloads,
  decodeOptionalFailureToOptionalError,
} from '@temporalio/common/lib/internal-non-workflow';
import { optionalTsToDate } from '@temporalio/common/lib/time';
import type { temporal } from '@temporalio/proto';
import { z } from 'zod';
import type { FailureRecord } from '../../domain/failures';
import { carriedRecord, carriedRecords } from '../../temporal/carried-records';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
type Payloads = temporal.api.common.v1.IPayloads | null | undefined;

/** One thing that a run's history says, without Temporal's own book-keeping. */
export type HistoryFact = { readonly at: string } & (
  | { readonly what: 'started' }
  | { readonly what: 'phase'; readonly phase: string }
  | ActivityFact
  | { readonly what: 'asked'; readonly update: string }
  | { readonly what: 'cancel-asked' }
  | {
      readonly what: 'ended';
      readonly how: Ending;
      readonly cause?: string;
      readonly records: readonly FailureRecord[];
    }
);

export type Ending = 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed out' | 'continued in a new run';

export interface ActivityFact {
  readonly at: string;
  readonly what: 'activity';
  readonly activity: string;
  readonly end: 'done' | 'failed' | 'stopped';
  /** how often the server began it */
  readonly tries: number;
  readonly diskKey?: number;
  readonly volumeId?: string;
  /** false: the volume was there before */
  readonly created?: boolean;
  /** of an undo: what came of it */
  readonly outcome?: 'undone' | 'nothing-to-undo' | 'kept';
  readonly reason?: string;
  /** why it failed, or why its try before did */
  readonly failure?: { readonly message: string; readonly record?: FailureRecord };
}

const inputSchema = z.object({
  diskKey: z.int().optional(),
  volumeId: z.string().optional(),
  phase: z.string().optional(),
});
const outputSchema = z.object({
  volumeId: z.string().optional(),
  created: z.boolean().optional(),
  outcome: z.enum(['undone', 'nothing-to-undo', 'kept']).optional(),
  reason: z.string().optional(),
});

type Scheduled = { readonly activity: string } & z.output<typeof inputSchema>;
interface Begun {
  readonly tries: number;
  readonly lastFailure: temporal.api.failure.v1.IFailure | null | undefined;
}

/** What the events of a history say, in their order. An event that cannot be read is left out: history outlives releases. */
export async function historyFacts(
  events: readonly HistoryEvent[],
  converter: LoadedDataConverter,
): Promise<HistoryFact[]> {
  const reader = new HistoryReader(converter);
  const facts: HistoryFact[] = [];
  for (const event of events) {
    const fact = await reader.read(event);
    if (fact !== undefined) facts.push(fact);
  }
  return facts;
}

class HistoryReader {
  readonly #scheduled = new Map<string, Scheduled>();
  readonly #begun = new Map<string, Begun>();

  constructor(private readonly converter: LoadedDataConverter) {}

  async read(event: HistoryEvent): Promise<HistoryFact | undefined> {
    const at = optionalTsToDate(event.eventTime)?.toISOString() ?? '';
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) return await this.#schedule(at, String(event.eventId), scheduled);
    const begun = event.activityTaskStartedEventAttributes;
    if (begun) {
      this.#begun.set(String(begun.scheduledEventId), { tries: begun.attempt ?? 1, lastFailure: begun.lastFailure });
      return undefined;
    }
    const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.name;
    if (update) return { at, what: 'asked', update };
    if (event.workflowExecutionCancelRequestedEventAttributes) return { at, what: 'cancel-asked' };
    if (event.workflowExecutionStartedEventAttributes) return { at, what: 'started' };
    return (await this.#activityEnd(at, event)) ?? (await this.#runEnd(at, event));
  }

  async #schedule(
    at: string,
    eventId: string,
    { activityType, input }: temporal.api.history.v1.IActivityTaskScheduledEventAttributes,
  ): Promise<HistoryFact | undefined> {
    const activity = activityType?.name ?? '?';
    const parsed = inputSchema.safeParse(await this.#first(input));
    const read = parsed.success ? parsed.data : {};
    this.#scheduled.set(eventId, { activity, ...read });
    if (read.phase === undefined || !['recordPhase', 'recordFailover'].includes(activity)) return undefined;
    return { at, what: 'phase', phase: read.phase };
  }

  async #activityEnd(at: string, event: HistoryEvent): Promise<ActivityFact | undefined> {
    const done = event.activityTaskCompletedEventAttributes;
    const failed = event.activityTaskFailedEventAttributes ?? event.activityTaskTimedOutEventAttributes;
    const ended = done ?? failed ?? event.activityTaskCanceledEventAttributes;
    if (!ended) return undefined;
    const key = String(ended.scheduledEventId);
    const scheduled = this.#scheduled.get(key);
    if (scheduled === undefined) return undefined;
    const begun = this.#begun.get(key);
    const output = outputSchema.safeParse(done ? await this.#first(done.result) : undefined);
    const { outcome, reason, created, volumeId = scheduled.volumeId } = output.success ? output.data : {};
    const failure = await this.#failure(failed?.failure ?? begun?.lastFailure);
    return {
      at,
      what: 'activity',
      activity: scheduled.activity,
      end: done ? 'done' : failed ? 'failed' : 'stopped',
      tries: begun?.tries ?? 1,
      ...(scheduled.diskKey !== undefined && { diskKey: scheduled.diskKey }),
      ...(volumeId !== undefined && { volumeId }),
      ...(created !== undefined && { created }),
      ...(outcome !== undefined && { outcome }),
      ...(reason !== undefined && { reason }),
      ...(failure !== undefined && { failure: { message: failure.message, ...recordPart(failure) } }),
    };
  }

  async #runEnd(at: string, event: HistoryEvent): Promise<HistoryFact | undefined> {
    const failed = event.workflowExecutionFailedEventAttributes;
    if (failed) {
      const error = await this.#failure(failed.failure);
      // A run that went back carries two records: what it came to, and what caused it.
      return {
        at,
        what: 'ended',
        how: 'failed',
        ...(error && { cause: error.message }),
        records: carriedRecords(error),
      };
    }
    const terminated = event.workflowExecutionTerminatedEventAttributes;
    if (terminated) {
      const cause = (terminated.reason ?? '') === '' ? 'no reason was given' : String(terminated.reason);
      return { at, what: 'ended', how: 'terminated', cause, records: [] };
    }
    const how: Ending | undefined = event.workflowExecutionCompletedEventAttributes
      ? 'completed'
      : event.workflowExecutionCanceledEventAttributes
        ? 'cancelled'
        : event.workflowExecutionTimedOutEventAttributes
          ? 'timed out'
          : event.workflowExecutionContinuedAsNewEventAttributes
            ? 'continued in a new run'
            : undefined;
    return how === undefined ? undefined : { at, what: 'ended', how, records: [] };
  }

  async #first(payloads: Payloads): Promise<unknown> {
    try {
      return (await decodeArrayFromPayloads(this.converter, payloads?.payloads))[0];
    } catch {
      return undefined; // of another release, or encrypted with a key that is not here
    }
  }

  async #failure(failure: temporal.api.failure.v1.IFailure | null | undefined): Promise<Error | undefined> {
    return await decodeOptionalFailureToOptionalError(this.converter, failure);
  }
}

function recordPart(error: Error): { record?: FailureRecord } {
  const record = carriedRecord(error);
  return record === undefined ? {} : { record };
}
