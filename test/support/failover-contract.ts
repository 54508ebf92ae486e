import { expect } from '@jest/globals';
import {
  failoverSteps,
  failoverUndos,
  type FailoverStepName,
  type FailoverUndoName,
  pointWork,
  type PointWorkName,
} from '../../domain/failover-steps';
import type { SiteCommands } from '../../activities/hook-settings';
import { healthHook } from '../../domain/health-hook';
import type { ActivityWorld, Actor, ActorOptions } from './activity-world';
import { expectCensus } from './census';
import { contract, type ContractOptions } from './contract-engine';
import { FailoverJourney } from './failover-journey';
import { expectRaised, expectStanding, lookAtReplicas, type Standing, takeStanding } from './standing-replicas';

/**
 * The contracts of the steps and undos of recovery points, failovers and the ways back: those of test/support/step-contract.ts, on
 * the way that test/support/failover-journey.ts knows. How to add a step:
 *
 * 1. test/support/failover-journey.ts: its place in the order, its case in `run` (and of its undo in `undo`);
 * 2. test/support/activity-world.ts: the factory of its activities;
 * 3. test/activities/NAME.test.ts: `failoverStepContract('name')`, `failoverUndoContract('name', 'from')`, and the name taken off
 *    the list of test/activities/coverage.test.ts;
 * 4. a step that is not on the way of a test gives `arrange` (how to come before it) and `takeBack` (how to come back from it);
 * 5. test/support/census.ts counts whatever it can leave anywhere.
 */
export interface FailoverContractOptions extends ContractOptions<FailoverJourney> {
  /** leads to the state before the act, where that is not on the way of a test */
  readonly arrange?: (journey: FailoverJourney, actor: Actor) => Promise<void>;
  /** takes everything of the failover back, where a test's way back will not do */
  readonly takeBack?: (journey: FailoverJourney, actor: Actor) => Promise<void>;
  /** the replicas are not as they were afterwards: each case replicates anew, and releases them */
  readonly changesReplicas?: boolean;
  /** the replicas are there afterwards, of a newer generation and no longer verified: the next case begins with them so */
  readonly raisesGeneration?: boolean;
  /** with changesReplicas: the disks that each case replicates; a hook needs none */
  readonly diskKeys?: readonly number[];
  /** the site's hooks */
  readonly commands?: SiteCommands;
}

/** The contract of a failover step. */
export function failoverStepContract(step: FailoverStepName, options: FailoverContractOptions = {}): void {
  contract(title('step', step, options), failoverSteps[step].effects, options, {
    ...world(options),
    arrange: options.arrange ?? ((journey, actor) => journey.runBefore(actor, step)),
    act: (journey, actor) => journey.run(actor, step),
  });
}

/**
 * The contract of the undo of a failover step: twice is the same as once, and without its step there is nothing to undo.
 *
 * @param from - the last step that was done
 */
export function failoverUndoContract(
  undo: FailoverUndoName,
  from: FailoverStepName,
  options: FailoverContractOptions & {
    /** what it answers where its step never came; a hook is called all the same, since nobody knows how far its step came */
    readonly withoutStep?: 'undone';
  } = {},
): void {
  const { withoutStep = 'nothing-to-undo' } = options;
  const arrange = async (journey: FailoverJourney, actor: Actor): Promise<void> => {
    await journey.runThrough(actor, from);
    await journey.undoBefore(actor, undo);
  };
  contract(title('undo', undo, options), failoverUndos[undo].effects, options, {
    ...world(options),
    arrange: options.arrange ?? arrange,
    act: async (journey, actor) => {
      for (const { outcome } of await journey.undo(actor, undo)) {
        expect(['undone', 'nothing-to-undo']).toContain(outcome);
      }
    },
    without: async (journey, actor) => {
      for (const { outcome } of await journey.undo(actor, undo)) expect(outcome).toBe(withoutStep);
      if (options.changesReplicas) await journey.releaseReplicas(actor);
    },
  });
}

const besideSteps = { ...pointWork, runHook: healthHook };

/** The contract of what is done beside the steps: for recovery points, and to ask a health hook. */
export function pointWorkContract(
  name: PointWorkName | 'runHook',
  options: FailoverContractOptions & { readonly act: (journey: FailoverJourney, actor: Actor) => Promise<unknown> },
): void {
  contract(title('work', name, options), besideSteps[name].effects, options, {
    ...world(options),
    arrange: options.arrange ?? (() => Promise.resolve()),
    act: options.act,
  });
}

function title(what: 'step' | 'undo' | 'work', name: string, { account = 'admin' }: FailoverContractOptions): string {
  return `the failover ${what} contract of ${name} (${account})`;
}

function world({
  takeBack,
  changesReplicas = false,
  raisesGeneration = false,
  diskKeys,
  commands,
}: FailoverContractOptions) {
  const before = new Map<string, Standing>();
  const end = async (journey: FailoverJourney, actor: Actor): Promise<void> => {
    if (takeBack === undefined) await journey.takeBack(actor);
    else await takeBack(journey, actor);
    if (changesReplicas) await journey.releaseReplicas(actor);
  };
  const actor = (from: ActivityWorld, journey: FailoverJourney, given: ActorOptions): Actor =>
    FailoverJourney.actor(from, journey, {
      ...given,
      ...(commands === undefined ? {} : { commands }),
    });
  if (changesReplicas) {
    const begin = (from: ActivityWorld, account: 'admin' | 'repluser') =>
      FailoverJourney.begin(from, account, diskKeys);
    return { begin, actor, end };
  }
  return {
    begin: async (from: ActivityWorld, account: 'admin' | 'repluser') => {
      const journey = await FailoverJourney.begin(from, account, diskKeys);
      before.set(journey.vm.firstRunId, await lookAtReplicas(journey));
      return journey;
    },
    actor,
    end,
    expectLeft: async ({ vm }: FailoverJourney) => {
      const standing = before.get(vm.firstRunId);
      if (standing === undefined) throw new Error('nobody looked at the replicas before the case');
      await (raisesGeneration ? expectRaised(standing) : expectStanding(standing));
    },
    last: releaseStanding,
  };
}

/** The replicas leave the appliance and are deleted by name; after them nothing may be left. */
async function releaseStanding(world: ActivityWorld): Promise<void> {
  const journey = await takeStanding(world)?.again();
  if (journey === undefined) throw new Error('the last case left no replicas as they were');
  const actor = FailoverJourney.actor(world, journey, { account: journey.account });
  await journey.releaseReplicas(actor);
  await actor.activities.endClaim(journey.vm);
  await expectCensus(world, journey.vm);
}
