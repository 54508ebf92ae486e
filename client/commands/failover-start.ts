import { failoverRequestSchema, type FailoverRequest } from '../../domain/failover-request';
import { failure } from '../../domain/failures';
import { sourceVmPath } from '../../domain/names';
import { askFirst, requireSomebodyToAsk } from '../ask';
import type { CommandContext } from '../command-context';
import { checkFailoverOptions, groupOf, requestFromOptions, type FailoverOptions } from '../failover-options';
import { parseFailoverGroup, parseFailoverRequest, vmOfRequest } from '../failover-requests';
import { withLastRequest, withoutFinalSync } from '../final-sync';
import { lastRunOf } from '../find-vm';
import { followFailover } from '../follow-failover';
import { parseBy, readJsonFile } from '../request-file';
import { withSession, type Session } from '../session';
import { showPlan, showPlanOnly } from '../show-plan';
import { runGroup } from '../run-group';

/** `diskferry failover test VM…` and `diskferry failover live VM…` */
export async function run(
  context: CommandContext,
  kind: 'test' | 'live',
  vmArguments: readonly string[],
  options: FailoverOptions,
): Promise<void> {
  checkFailoverOptions(kind, vmArguments, options);
  const fromFile = options.request === undefined ? undefined : await readFailoverFile(kind, options.request);
  if (kind === 'live') requireSomebodyToAsk(context, options, 'A live failover', 'diskferry failover live');
  await withSession(context, async (session) => {
    const requests =
      fromFile === undefined
        ? await requestsOfVms(session, kind, vmArguments, options)
        : [await requestOfFile(session, fromFile, vmArguments[0])];
    const [first, ...others] = requests;
    if (first === undefined) return;
    if (others.length > 0) {
      const group = parseFailoverGroup(groupOf(kind, requests.map(vmOfRequest), requests));
      await runGroup(context, session, group, options);
      return;
    }
    if (options.dryRun === true) {
      await showPlanOnly(context, session, first);
      return;
    }
    if (kind === 'live' && options.yes !== true) {
      await showPlan(context, session, first);
      await askFirst(context, `Fail over ${first.source.name} (${sourceVmPath(vmOfRequest(first))})?`);
    }
    await followFailover(context, session.failovers, await session.failovers.start(first), options.wait !== false);
  });
}

/** The file's request, checked as far as it can be before anybody is asked. */
async function readFailoverFile(kind: 'test' | 'live', file: string): Promise<unknown> {
  const raw = await readJsonFile(file);
  const request = parseBy(failoverRequestSchema, withoutFinalSync(raw));
  if (request.kind !== kind) {
    throw failure('request-invalid', { problems: `kind is "${request.kind}": run diskferry failover ${request.kind}` });
  }
  return raw;
}

async function requestOfFile(
  { temporal, findVm }: Session,
  raw: unknown,
  vmArgument: string | undefined,
): Promise<FailoverRequest> {
  const vm = vmOfRequest(parseFailoverRequest(withoutFinalSync(raw)));
  if (vmArgument !== undefined) {
    const named = sourceVmPath(await findVm(vmArgument));
    if (named !== sourceVmPath(vm)) {
      const problems = `source is VM ${sourceVmPath(vm)}, the command names ${named}`;
      throw failure('request-invalid', { problems });
    }
  }
  return parseFailoverRequest(await withLastRequest(temporal.client, vm, raw));
}

async function requestsOfVms(
  { temporal, records, findVm }: Session,
  kind: 'test' | 'live',
  vmArguments: readonly string[],
  options: FailoverOptions,
): Promise<FailoverRequest[]> {
  const requests: FailoverRequest[] = [];
  for (const argument of vmArguments) {
    const vm = await lastRunOf(temporal.client, records, argument, await findVm(argument));
    const raw = requestFromOptions(kind, vm, options);
    parseFailoverRequest(withoutFinalSync(raw));
    requests.push(parseFailoverRequest(await withLastRequest(temporal.client, vm, raw)));
  }
  return requests;
}
