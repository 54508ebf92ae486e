import type { SourceVmKey } from '../../../domain/names';
import type { FaultSettings } from '../../../simulator/fault-kinds';
import type { StartedFailover } from '../../../client/start-failover';
import type { FailoverWorld } from '../../support/failover-world';
import { failBackRequest, failoverRequest, revertRequest } from '../../support/failover-requests';
import type { SourceVm } from '../../support/source-vm';
import { STEP_ATTEMPTS } from '../cases';
import {
  type Standing,
  backOnTheAppliance,
  onTheFailoverVm,
  replaced,
  touchedByTheGuestStep,
  withoutItsSource,
} from './standing';

/** How a source VM stands when nothing is wrong. */
export type Situation = 'verified' | 'failed over' | 'unverified';

/** The last word of a run: the state of its result, or the code of the failure that it ended with. */
type LastWord = string;

/** A source VM in its world. */
export interface Subject {
  readonly world: FailoverWorld;
  readonly vm: SourceVm;
  readonly key: SourceVmKey;
}

/** One kind of run, from its request to its end. */
export interface Scenario {
  readonly name: string;
  readonly from: Situation;
  /** true: it goes back to a recovery point, which must be of verified volumes */
  readonly verifiedPoint?: boolean;
  readonly start: (subject: Subject) => Promise<StartedFailover>;
  /** what the scenario itself lets go wrong, so that the run goes back */
  readonly switches?: readonly FaultSettings[];
  /** the phase in which an operator cancels it */
  readonly cancelledIn?: string;
  /** steps that no other scenario has: only their effects are cut off in this one */
  readonly only?: readonly string[];
  /** its request has the hooks of {@link proofHooks}, the guest step among them */
  readonly hooks?: boolean;
  /** how a run ends that nothing hinders */
  readonly ends: LastWord;
  /** how it may end besides: a fault of the case may use up one of the refusals that the scenario itself has in store */
  readonly mayEnd?: LastWord;
}

const budgets = { stepAttempts: STEP_ATTEMPTS, stepPause: '100ms', provisioningPause: '100ms' };

export const startLive = ({ world, vm }: Subject, changes: Record<string, unknown> = {}): Promise<StartedFailover> =>
  world.failovers.start(failoverRequest(vm, 'live', { budgets, ...changes }));
export const startBack = ({ world, vm }: Subject): Promise<StartedFailover> =>
  world.failovers.startBack(failBackRequest(vm, { budgets }));
/** Has the source quiesced, its guest prepared and its health asked for, each by a hook. */
const startHooked = (subject: Subject, changes: Record<string, unknown> = {}): Promise<StartedFailover> =>
  startLive(subject, {
    quiesce: { by: 'hook', hook: 'quiesce', resumeHook: 'resume' },
    guest: { kind: 'hook', hook: 'guest' },
    health: { hook: 'health', within: '20s' },
    ...changes,
  });
const startRevert = ({ world, vm }: Subject): Promise<StartedFailover> =>
  world.failovers.startRevert(revertRequest(vm, { budgets }));

/** The data disk meets this for as long as its step is tried: late, so that there is much to take back. */
const refused = (command: string): FaultSettings => ({
  kind: 'refuse',
  command,
  volumeName: '^diskferry-.*-2001-',
  code: 530,
  text: 'refused by the scenario',
  times: STEP_ATTEMPTS,
});

export const scenarios: readonly Scenario[] = [
  {
    name: 'live',
    from: 'verified',
    start: startLive,
    ends: 'failed_over',
  },
  {
    name: 'live, cancelled before the point of no return',
    from: 'verified',
    start: (subject) => startLive(subject, { confirm: true }),
    cancelledIn: 'awaiting_confirmation',
    ends: 'cancelled',
  },
  {
    name: 'live, with hooks',
    from: 'verified',
    start: startHooked,
    only: ['quiesceSource', 'prepareGuest'],
    hooks: true,
    ends: 'failed_over',
  },
  {
    name: 'live, with hooks, cancelled before the point of no return',
    from: 'verified',
    start: (subject) => startHooked(subject, { confirm: true }),
    cancelledIn: 'awaiting_confirmation',
    only: ['quiesceSource', 'prepareGuest', 'resumeSource'],
    hooks: true,
    ends: 'cancelled',
  },
  {
    name: 'test',
    from: 'verified',
    start: ({ world, vm }) => world.failovers.start(failoverRequest(vm, 'test', { budgets, lease: '200ms' })),
    ends: 'ended',
  },
  {
    name: 'failback',
    from: 'failed over',
    start: startBack,
    ends: 'returned',
  },
  {
    name: 'failback, taken back',
    from: 'failed over',
    start: startBack,
    switches: [refused('detachVolume')],
    ends: 'failover-rolled-back',
    mayEnd: 'returned',
  },
  {
    name: 'revert',
    from: 'verified',
    verifiedPoint: true,
    start: startRevert,
    ends: 'reverted',
  },
  {
    name: 'revert, taken back',
    from: 'verified',
    verifiedPoint: true,
    start: startRevert,
    switches: [refused('attachVolume')],
    ends: 'failover-rolled-back',
    mayEnd: 'reverted',
  },
];

/**
 * Where the VM must stand after a run, by the run's own last word.
 *
 * @param hooks - the run had the guest step and the quiesced source of {@link proofHooks}
 * @returns undefined when that is no end for a whole run
 */
export function allowedBy(lastWord: LastWord, former: Standing, hooks = false): Standing | undefined {
  switch (lastWord) {
    case 'ended':
    case 'cancelled':
    case 'failover-rolled-back':
      return hooks ? touchedByTheGuestStep(former) : former;
    case 'failed_over':
      return onTheFailoverVm(hooks ? withoutItsSource(touchedByTheGuestStep(former)) : former, 'Running, up');
    case 'returned':
      return backOnTheAppliance(former);
    case 'reverted':
      return replaced(former);
    default:
      return undefined;
  }
}
