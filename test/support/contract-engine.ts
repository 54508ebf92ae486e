import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EffectSide, Failpoint } from '../../activities/effect';
import { DiskferryFailure } from '../../domain/failures';
import { chances } from '../../simulator/seeded-chance';
import type { VmRef } from '../../domain/step-io';
import { type ActivityWorld, type Actor, type ActorOptions, startActivityWorld } from './activity-world';
import { expectCensus } from './census';

/** The death of the process that runs an activity, as far as a test inside one process can play it. */
class Killed extends Error {}

interface CutOff {
  readonly effect: string;
  readonly side: EffectSide;
  /** what comes after it */
  readonly then: 'run again' | 'taken back';
}

/**
 * Where a step is cut off, and what comes then. A sample has each effect cut off on both sides, one of them run again and the other
 * taken back; `npm run prove -- steps` has all of them (`DISKFERRY_CONTRACT=whole`). Another DISKFERRY_PROVE_SEED draws another sample.
 */
function cutsOf(effects: readonly string[]): CutOff[] {
  const all = effects.flatMap((effect): CutOff[] => [
    { effect, side: 'before', then: 'run again' },
    { effect, side: 'after', then: 'taken back' },
    { effect, side: 'after', then: 'run again' },
    { effect, side: 'before', then: 'taken back' },
  ]);
  if (process.env['DISKFERRY_CONTRACT'] === 'whole') return all;
  const chance = chances(Number(process.env['DISKFERRY_PROVE_SEED'] ?? 1));
  return effects.flatMap((_, index) => {
    const from = index * 4 + (chance() < 0.5 ? 0 : 2);
    return all.slice(from, from + 2);
  });
}

/** What a contract needs besides the table of steps. */
export interface ContractOptions<J> {
  readonly account?: 'admin' | 'repluser';
  /** what the world does right after an effect, to lead to another effect: a double create, for instance */
  readonly afterEffect?: Readonly<Record<string, (world: ActivityWorld, journey: J) => Promise<void>>>;
  /** effects of the table that another contract leads to, with its name */
  readonly elsewhere?: Readonly<Record<string, string>>;
}

/** Something on its way through the steps, in a world of its own. */
export interface OnItsWay {
  /** the source VM, with the run that acts on it */
  readonly vm: VmRef;
}

/** How one step or undo is led to, done and taken back. */
export interface ContractCase<J extends OnItsWay> {
  readonly begin: (world: ActivityWorld, account: 'admin' | 'repluser') => Promise<J>;
  /** who acts: a replication unless said otherwise */
  readonly actor?: (world: ActivityWorld, journey: J, options: ActorOptions) => Actor;
  readonly arrange: (journey: J, actor: Actor) => Promise<unknown>;
  readonly act: (journey: J, actor: Actor) => Promise<unknown>;
  readonly end: (journey: J, actor: Actor) => Promise<void>;
  /** expects what there is after the end: nothing at all, unless said otherwise */
  readonly expectLeft?: (journey: J) => Promise<void>;
  /** what is done at the very end with what the cases left on purpose */
  readonly last?: (world: ActivityWorld) => Promise<void>;
  /** the act where nothing was done before it */
  readonly without?: ((journey: J, actor: Actor) => Promise<void>) | undefined;
}

/**
 * The engine of every contract: twice in a row, beside itself, cut off before and after each effect and run again, and each time
 * everything taken back with nothing left over. An effect that is never reached fails its case.
 */
export function contract<J extends OnItsWay>(
  title: string,
  effects: readonly string[],
  options: ContractOptions<J>,
  of: ContractCase<J>,
): void {
  const { account = 'admin', elsewhere = {} } = options;
  let world: ActivityWorld;
  const cuts = cutsOf(effects.filter((effect) => !(effect in elsewhere)));

  /** A process of its own for each try: a failpoint that has killed it lets nothing more happen. */
  const actorFor = of.actor ?? ((from: ActivityWorld, { vm }: J, given: ActorOptions) => from.actor(vm, given));
  const actorOf = (journey: J, kill?: CutOff, reached?: () => void): Actor => {
    let dead = false;
    const failpoint: Failpoint = async (effect, side) => {
      if (dead) throw new Killed(effect);
      if (side === 'after') await options.afterEffect?.[effect]?.(world, journey);
      if (effect !== kill?.effect || side !== kill.side) return;
      dead = true;
      reached?.();
      throw new Killed(`${effect}:${side}`);
    };
    return actorFor(world, journey, { account, failpoint });
  };

  const begin = async (): Promise<{ journey: J; healthy: Actor }> => {
    const journey = await of.begin(world, account);
    return { journey, healthy: actorFor(world, journey, { account }) };
  };

  const expectNothing = async (journey: J, healthy: Actor): Promise<void> => {
    await of.end(journey, healthy);
    await expectLeft(journey, healthy);
  };

  const expectLeft = async (journey: J, healthy: Actor): Promise<void> => {
    await healthy.activities.endClaim(journey.vm);
    await (of.expectLeft?.(journey) ?? expectCensus(world, journey.vm));
  };

  describe(title, () => {
    beforeAll(async () => {
      world = await startActivityWorld();
    });
    afterAll(async () => {
      await world.close();
    });

    test('twice in a row is the same as once', async () => {
      const { journey, healthy } = await begin();
      await of.arrange(journey, healthy);
      const first = await of.act(journey, healthy);
      expect(await of.act(journey, actorOf(journey))).toEqual(first);
      await expectNothing(journey, healthy);
    });

    test('beside itself is the same as alone', async () => {
      const { journey, healthy } = await begin();
      await of.arrange(journey, healthy);
      const two = await Promise.all([1, 2].map(() => asServerRetries(() => of.act(journey, actorOf(journey)))));
      expect(two[1]).toEqual(two[0]);
      await expectNothing(journey, healthy);
    });

    if (cuts.length > 0) {
      test.each(cuts)('cut off $side $effect, and $then', async (cut) => {
        const { journey, healthy } = await begin();
        await of.arrange(journey, healthy);
        let reached = false;
        await asServerRetries(() =>
          of.act(
            journey,
            actorOf(journey, cut, () => {
              reached = true;
            }),
          ),
        ).catch((error: unknown) => {
          if (!(error instanceof DiskferryFailure && error.cause instanceof Killed)) throw error;
        });
        expect({ ...cut, reached }).toEqual({ ...cut, reached: true });
        if (cut.then === 'run again') await asServerRetries(() => of.act(journey, actorOf(journey)));
        await expectNothing(journey, healthy);
      });
    }

    if (of.without !== undefined) {
      test('without its step there is nothing to undo', async () => {
        const { journey, healthy } = await begin();
        await of.without?.(journey, healthy);
        await expectLeft(journey, healthy);
      });
    }

    if (of.last !== undefined) {
      test('and at the end nothing is left at all', async () => {
        await of.last?.(world);
      });
    }
  });
}

/** Temporal's server tries again what nobody answered and what is not known; so does this, quickly. */
export async function asServerRetries<T>(act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      const waits =
        error instanceof DiskferryFailure &&
        (error.failureClass === 'unavailable' || error.failureClass === 'unknown') &&
        attempt < 20;
      if (!waits) throw error;
    }
  }
}
