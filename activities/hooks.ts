import ms from 'ms';
import type { CommandEnd, RunCommand } from '../appliance/ports';
import type { Clock } from '../cloudstack/clock';
import { quiesceSourceInputSchema, runHookInputSchema } from '../domain/failover-io';
import { failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import type { VmRef } from '../domain/step-io';
import { activity } from './activity';
import type { ActivityRun, CurrentRun } from './activity-run';
import type { Effect } from './effect';
import { type HookOccasion, hookEnvironment } from './hook-environment';
import { hookOf, type SiteCommands } from './hook-settings';
import type { Log } from './log';
import { lookUntil, type Polling } from './polling';
import type { FailoverSiteActivities } from './queues';
import { nothingToUndo, undone } from './undo-outcome';

/** What hooks need. */
export interface HookWork {
  readonly commands: SiteCommands;
  readonly runCommand: RunCommand;
  readonly clock: Clock;
  readonly polling: Polling;
  readonly effect: Effect;
  readonly run: CurrentRun;
  readonly log: Log;
}

/** An activity ends after twelve hours whatever it does, and would be begun anew. */
const LONGEST_MS = 11 * 3_600_000;
/** Room for the end of a health hook that began just in time. */
const SHORTEST_MS = 1_000;

/**
 * The hooks of a failover: commands of the site's configuration that stop the source from writing, let it write again, and say
 * whether the failover VM does what it is for.
 *
 * Why they may run twice: what a command did is known to nobody but itself. A try whose answer was lost is made again, so a hook
 * must find its own work, as a step does.
 */
export function makeHooks(work: HookWork): Pick<FailoverSiteActivities, 'quiesceSource' | 'resumeSource' | 'runHook'> {
  return {
    quiesceSource: activity(
      'quiesceSource',
      work.run,
      quiesceSourceInputSchema,
      (vm) => vm,
      (vm, run) => runOnce(work, run, 'quiesceSource.run', vm, { hook: vm.hook, purpose: 'quiesce', kind: 'live' }),
    ),
    resumeSource: activity(
      'resumeSource',
      work.run,
      quiesceSourceInputSchema,
      (vm) => vm,
      async (vm, run) => {
        if (vm.resumeHook === undefined) return nothingToUndo('resumeSource');
        const occasion = { hook: vm.resumeHook, purpose: 'resume', kind: 'live' } as const;
        await runOnce(work, run, 'resumeSource.run', vm, occasion);
        return undone('resumeSource');
      },
    ),
    runHook: activity(
      'runHook',
      work.run,
      runHookInputSchema,
      (vm) => vm,
      async (vm, run) => {
        if (vm.withinMs === undefined) await runOnce(work, run, 'runHook.run', vm, vm);
        else await askUntilWell(work, run, vm, vm, Math.min(vm.withinMs, LONGEST_MS));
      },
    ),
  };
}

type Occasion = Omit<HookOccasion, 'workflowId' | 'disks'> & { readonly hook: string };

async function runOnce(work: HookWork, run: ActivityRun, effect: string, vm: VmRef, occasion: Occasion): Promise<void> {
  const end = await call(work, run, effect, vm, occasion);
  if (!end.ok) throw hookFailed(vm, occasion, endInWords(end));
}

/** A VM that has just started is not well yet: the hook is asked again until the time is up. */
async function askUntilWell(
  work: HookWork,
  run: ActivityRun,
  vm: VmRef,
  occasion: Occasion,
  withinMs: number,
): Promise<void> {
  const begun = work.clock.now();
  let said = '';
  const well = await lookUntil(work, run, withinMs, async () => {
    const left = begun + withinMs - work.clock.now();
    const end = await call(work, run, 'runHook.run', vm, occasion, Math.max(left, SHORTEST_MS));
    said = endInWords(end);
    return end.ok ? true : undefined;
  });
  if (well !== true) throw hookFailed(vm, occasion, `not well within ${ms(withinMs)}; at last ${said}`);
}

async function call(
  work: HookWork,
  run: ActivityRun,
  effect: string,
  vm: VmRef,
  occasion: Occasion,
  leftMs = LONGEST_MS,
): Promise<CommandEnd> {
  const { command, timeoutMs } = hookOf(work.commands, vm.site, occasion.hook);
  const end = await work.effect(effect, () =>
    work.runCommand({
      command,
      environment: hookEnvironment(vm, { ...occasion, workflowId: run.workflowId }),
      timeoutMs: Math.min(timeoutMs, leftMs),
      signal: run.signal,
    }),
  );
  logEnd(work.log, vm, occasion, end);
  return end;
}

/** The end of a command, with more of its words than a failure has room for, goes to the worker's log. */
export function logEnd(
  log: Log,
  vm: VmRef,
  { hook = 'convert', purpose }: Pick<HookOccasion, 'hook' | 'purpose'>,
  { ok, status, output }: CommandEnd,
): void {
  const fields = { source_vm: vm.vmName, hook, purpose, status, output };
  if (ok) log.info(fields, 'Hook ended');
  else log.warn(fields, 'Hook failed');
}

const LAST_LINES = 8;
const LAST_CHARACTERS = 1_000;

/** `exit status 3: its last lines` */
export function endInWords({ status, output }: CommandEnd): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const last = lines.slice(-LAST_LINES).join(' | ').slice(-LAST_CHARACTERS);
  return last === '' ? `${status}, without a word` : `${status}: ${last}`;
}

function hookFailed(vm: VmRef, { hook, purpose }: Occasion, cause: string): Error {
  return failure('hook-failed', { vm: sourceVmPath(vm), hook, purpose, cause });
}
