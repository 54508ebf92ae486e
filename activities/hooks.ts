import { quiesceSourceInputSchema, runHookInputSchema } from '../domain/failover-io';
import { failure } from '../domain/failures';
import { activity } from './activity';
import type { CurrentRun } from './activity-run';
import type { FailoverMainActivities } from './queues';

const NONE = 'none: this release runs no hooks yet';

/**
 * The hooks of a failover. This release has no configuration for commands, so a request that names one is refused with `hook-unknown`,
 * at once and before anything is made, instead of waiting for ever for an activity that no worker has.
 */
export function makeHooks(work: {
  readonly run: CurrentRun;
}): Pick<FailoverMainActivities, 'quiesceSource' | 'resumeSource' | 'runHook'> {
  return {
    quiesceSource: activity(
      'quiesceSource',
      work.run,
      quiesceSourceInputSchema,
      (vm) => vm,
      ({ hook }) => Promise.reject(failure('hook-unknown', { hook, configured: NONE })),
    ),
    // No hook ever ran, so there is nothing that it has stopped.
    resumeSource: activity(
      'resumeSource',
      work.run,
      quiesceSourceInputSchema,
      (vm) => vm,
      () => Promise.resolve({ undo: 'resumeSource' as const, outcome: 'nothing-to-undo' as const }),
    ),
    runHook: activity(
      'runHook',
      work.run,
      runHookInputSchema,
      (vm) => vm,
      ({ hook }) => Promise.reject(failure('hook-unknown', { hook, configured: NONE })),
    ),
  };
}
