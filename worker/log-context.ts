import { AsyncLocalStorage } from 'node:async_hooks';
import { z } from 'zod';

/** What every line of the log that belongs to an activity carries: whose work it is, and on which disk. */
export interface LogContext {
  readonly workflowId: string;
  readonly runId: string;
  readonly activity: string;
  readonly attempt: number;
  readonly site?: string;
  readonly diskKey?: number;
  readonly volumeId?: string;
}

const storage = new AsyncLocalStorage<LogContext>();
/** Temporal's own lines about an activity are written outside of its call: they name it by these two. */
const running = new Map<string, LogContext>();

/** Where an activity's input names its site, disk and volume; inputs of a VM as a whole name the first only. */
const placeSchema = z.object({
  site: z.string().optional().catch(undefined),
  diskKey: z.number().optional().catch(undefined),
  volumeId: z.string().optional().catch(undefined),
});

/** Site, disk and volume of an activity's input, as far as it names them. */
export function placeOf(input: unknown): Pick<LogContext, 'site' | 'diskKey' | 'volumeId'> {
  const { site, diskKey, volumeId } = placeSchema.safeParse(input).data ?? {};
  return {
    ...(site !== undefined && { site }),
    ...(diskKey !== undefined && { diskKey }),
    ...(volumeId !== undefined && { volumeId }),
  };
}

/** Runs an activity's work; every line that is logged on its way carries the context. */
export async function withLogContext<T>(activityId: string, context: LogContext, work: () => Promise<T>): Promise<T> {
  const key = keyOf(context.runId, activityId);
  running.set(key, context);
  try {
    return await storage.run(context, work);
  } finally {
    // Temporal says how it ended right after this; the next turn of the event loop is late enough.
    setImmediate(() => {
      if (running.get(key) === context) running.delete(key);
    });
  }
}

/** The context of the activity that is logging now; undefined outside of activities. */
export function currentLogContext(): LogContext | undefined {
  return storage.getStore();
}

/** The context of an activity that Temporal's own line is about. */
export function contextOfActivity(runId: unknown, activityId: unknown): LogContext | undefined {
  return typeof runId === 'string' && typeof activityId === 'string'
    ? running.get(keyOf(runId, activityId))
    : undefined;
}

function keyOf(runId: string, activityId: string): string {
  return `${runId} ${activityId}`;
}
