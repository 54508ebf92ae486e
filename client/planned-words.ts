import type { GuestStep, LiveFailoverRequest, TestFailoverRequest } from '../domain/failover-request';
import type { PlannableRequest } from './failover-plan';

/** What a run does that is no call of CloudStack, as sentences in the order in which it happens. */
export function alsoOf(request: PlannableRequest): string[] {
  if ('kind' in request) return request.kind === 'live' ? alsoOfLive(request) : alsoOfTest(request);
  return 'to' in request
    ? ['The exports of the former volumes are closed before they leave; the former volumes are kept, whatever comes.']
    : ['The writes of the failover VM are in a recovery point before anything is taken off it.'];
}

function alsoOfLive({ quiesce, finalSync, guest, confirm, health, target }: LiveFailoverRequest): string[] {
  return [
    ...(quiesce === undefined
      ? []
      : [
          quiesce.by === 'hook'
            ? `First the source is stopped from writing, by hook ${quiesce.hook}.`
            : 'First it waits until the source writes no more: diskferry failover confirm VM --quiesced.',
        ]),
    ...(finalSync === undefined ? [] : ['Then all disks are replicated once more (a run of its own) and verified.']),
    'The exports are closed, and each mapping moves from the appliance to the failover VM.',
    ...guestWords(guest),
    ...(confirm ? ['Before the start it waits for: diskferry failover confirm VM.'] : []),
    'The point of no return is right before the start: from there on nothing is taken back by machine, only by diskferry failover back.',
    ...healthWords(health, target.name),
  ];
}

function alsoOfTest({ guest, health, target, lease }: TestFailoverRequest): string[] {
  return [
    ...guestWords(guest),
    ...healthWords(health, target.name),
    `After ${lease} the sandbox is removed, with its volumes and the snapshots taken for it, whatever happened to whoever started it.`,
  ];
}

function guestWords(guest: GuestStep | undefined): string[] {
  if (guest === undefined) return [];
  return [
    `The guest is prepared before its start, by ${guest.kind === 'convert' ? 'virt-v2v-in-place' : `hook ${guest.hook}`}.`,
  ];
}

function healthWords(health: { readonly hook?: string | undefined; readonly within: string }, name: string): string[] {
  const by = health.hook === undefined ? 'Running' : `Running, and hook ${health.hook} content`;
  return [`${name} must be ${by} within ${health.within}.`];
}
