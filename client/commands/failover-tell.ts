import { sourceVmPath, type SourceVmKey } from '../../domain/names';
import type { CommandContext } from '../command-context';
import type { FailoverClient } from '../failover-client';
import { withSession } from '../session';
import { withProgress } from '../with-progress';

/** What a running failover, failback or revert can be told. */
export type FailoverWish = 'end' | 'extend' | 'confirm' | 'quiesced' | 'retry' | 'cancel' | 'abandon';

/** The commands that only tell a run something: `failover end|extend|confirm|retry|cancel|abandon VM` */
export async function run(context: CommandContext, wish: FailoverWish, vmArgument: string, by?: string): Promise<void> {
  await withSession(context, async ({ failovers, findVm }) => {
    const vm = await findVm(vmArgument);
    const path = sourceVmPath(vm);
    const told = tell(failovers, vm, wish, by ?? '');
    const leaseUntil = await withProgress(context, `waiting for the run of ${path} to take it`, told);
    context.print(`${path}: ${words(wish, vmArgument)}${leaseUntil === undefined ? '' : ` ${leaseUntil}`}`);
    context.printJson({ vm: path, accepted: true, ...(leaseUntil !== undefined && { leaseUntil }) });
  });
}

/** @returns the new end of the lease, where that is what was asked for */
async function tell(
  failovers: FailoverClient,
  vm: SourceVmKey,
  wish: FailoverWish,
  by: string,
): Promise<string | undefined> {
  switch (wish) {
    case 'extend':
      return await failovers.extendLease(vm, { by });
    case 'end':
      await failovers.endTest(vm);
      break;
    case 'confirm':
      await failovers.confirm(vm);
      break;
    case 'quiesced':
      await failovers.sourceQuiesced(vm);
      break;
    case 'retry':
      await failovers.retryNow(vm);
      break;
    case 'cancel':
      await failovers.cancel(vm);
      break;
    case 'abandon':
      await failovers.abandon(vm);
      break;
  }
  return undefined;
}

function words(wish: FailoverWish, vm: string): string {
  const follow = `diskferry failover watch ${vm}`;
  switch (wish) {
    case 'extend':
      return 'the lease ends';
    case 'end':
      return `the sandbox is being removed; see its end: ${follow}`;
    case 'confirm':
      return `goes on, beyond the point of no return; follow it: ${follow}`;
    case 'quiesced':
      return `the source counts as quiesced; follow it: ${follow}`;
    case 'retry':
      return 'tries again now';
    case 'cancel':
      return `being taken back; see its end: ${follow}`;
    case 'abandon':
      return 'abandoned; what is left stays recorded';
  }
}
