import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EffectSide, Failpoint } from '../../activities/effect';
import { DiskferryFailure } from '../../domain/failures';
import { steps, undos, type StepName, type UndoName } from '../../domain/steps';
import type { UndoOutcome } from '../../domain/undo-policy';
import { type ActivityWorld, type Actor, startActivityWorld } from './activity-world';
import { expectCensus } from './census';
import { Journey } from './journey';

/** The death of the process that runs an activity, as far as a test inside one process can play it. */
class Killed extends Error {}

const sides: readonly EffectSide[] = ['before', 'after'];

/** What a contract needs besides the table of steps. */
export interface ContractOptions {
  readonly account?: 'admin' | 'repluser';
  /** what the world does right after an effect, to lead to another effect: a double create, for instance */
  readonly afterEffect?: Readonly<Record<string, (world: ActivityWorld, journey: Journey) => Promise<void>>>;
  /** effects of the table that another contract leads to, with its name */
  readonly elsewhere?: Readonly<Record<string, string>>;
}

/**
 * The contract of a step: twice in a row, beside itself, cut off before and after each of its effects and run again, and each time
 * everything taken back with nothing left over. The effects are those of domain/steps.ts, so that a new one is covered by itself;
 * one that is never reached fails its case.
 */
export function stepContract(step: StepName, options: ContractOptions = {}): void {
  const row = steps[step];
  const holdsData = row.order >= steps.beginCopy.order;

  contract(`the step contract of ${step} (${options.account ?? 'admin'})`, row.effects, options, {
    arrange: (journey, actor) => journey.runBefore(actor, step),
    act: (journey, actor) => journey.run(actor, step),
    end: async (journey, actor) => {
      if (holdsData) await journey.releaseAndDelete(actor);
      else await journey.takeBack(actor);
    },
  });
}

/** The contract of an undo: as for a step; twice is the same as once, and without its step there is nothing to undo. */
export function undoContract(
  undo: UndoName,
  from: StepName,
  options: ContractOptions & { readonly mode?: 'undo' | 'release' } = {},
): void {
  const { mode = 'undo' } = options;
  const act = async (journey: Journey, actor: Actor): Promise<UndoOutcome> =>
    await actor.activities[undo]({ ...journey.createInput, ...journey.volumeInput, mode });

  contract(`the undo contract of ${undo} (${mode})`, undos[undo].effects, options, {
    arrange: async (journey, actor) => {
      await journey.runThrough(actor, from);
      await undoBefore(journey, actor, undo, mode);
    },
    act: async (journey, actor) => {
      const { outcome } = await act(journey, actor);
      expect(['undone', 'nothing-to-undo']).toContain(outcome);
      return undefined;
    },
    end: async (journey, actor) => {
      if (steps[from].order >= steps.beginCopy.order) await journey.releaseAndDelete(actor);
      else await journey.takeBack(actor);
    },
    without:
      mode === 'undo'
        ? async (journey, actor) => expect((await act(journey, actor)).outcome).toBe('nothing-to-undo')
        : undefined,
  });
}

interface Case {
  readonly arrange: (journey: Journey, actor: Actor) => Promise<unknown>;
  readonly act: (journey: Journey, actor: Actor) => Promise<unknown>;
  readonly end: (journey: Journey, actor: Actor) => Promise<void>;
  /** the act where nothing was done before it */
  readonly without?: ((journey: Journey, actor: Actor) => Promise<void>) | undefined;
}

function contract(title: string, effects: readonly string[], options: ContractOptions, of: Case): void {
  const { account = 'admin', elsewhere = {} } = options;
  let world: ActivityWorld;
  const cut = effects
    .filter((effect) => !(effect in elsewhere))
    .flatMap((effect) => sides.map((side) => ({ effect, side })));

  /** A process of its own for each try: a failpoint that has killed it lets nothing more happen. */
  const actorOf = (journey: Journey, kill?: { effect: string; side: EffectSide }, reached?: () => void): Actor => {
    let dead = false;
    const failpoint: Failpoint = async (effect, side) => {
      if (dead) throw new Killed(effect);
      if (side === 'after') await options.afterEffect?.[effect]?.(world, journey);
      if (effect !== kill?.effect || side !== kill.side) return;
      dead = true;
      reached?.();
      throw new Killed(`${effect}:${side}`);
    };
    return world.actor(journey.vm, { account, failpoint });
  };

  const begin = async (): Promise<{ journey: Journey; healthy: Actor }> => {
    const vm = await world.begin({ account });
    const journey = await Journey.begin(world, vm);
    return { journey, healthy: world.actor(vm, { account }) };
  };

  const expectNothing = async (journey: Journey, healthy: Actor): Promise<void> => {
    await of.end(journey, healthy);
    await healthy.activities.endClaim(journey.vm);
    await expectCensus(world, journey.vm);
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

    if (cut.length > 0) {
      test.each(cut)('cut off $side $effect, and run again', async ({ effect, side }) => {
        const { journey, healthy } = await begin();
        await of.arrange(journey, healthy);
        let reached = false;
        await asServerRetries(() =>
          of.act(
            journey,
            actorOf(journey, { effect, side }, () => {
              reached = true;
            }),
          ),
        ).catch((error: unknown) => {
          if (!(error instanceof DiskferryFailure && error.cause instanceof Killed)) throw error;
        });
        expect({ effect, side, reached }).toEqual({ effect, side, reached: true });
        await asServerRetries(() => of.act(journey, actorOf(journey)));
        await expectNothing(journey, healthy);
      });

      test.each(cut)('cut off $side $effect, and taken back', async ({ effect, side }) => {
        const { journey, healthy } = await begin();
        await of.arrange(journey, healthy);
        await of.act(journey, actorOf(journey, { effect, side })).catch(() => undefined);
        await expectNothing(journey, healthy);
      });
    }

    if (of.without !== undefined) {
      test('without its step there is nothing to undo', async () => {
        const { journey, healthy } = await begin();
        journey.volume = { ...journey.createInput, volumeId: journey.vm.firstRunId, volumeBytes: 1 };
        await of.without?.(journey, healthy);
        await healthy.activities.endClaim(journey.vm);
        await expectCensus(world, journey.vm);
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

/** The undos that come before this one when a disk is taken back: newest first. */
async function undoBefore(journey: Journey, actor: Actor, undo: UndoName, mode: 'undo' | 'release'): Promise<void> {
  const order: readonly UndoName[] = [
    'closeExport',
    'unmapDevice',
    'detachVolume',
    'confirmDeviceGone',
    'deleteVolume',
  ];
  for (const before of order.slice(0, order.indexOf(undo))) {
    await actor.activities[before]({ ...journey.volumeInput, mode });
  }
}
