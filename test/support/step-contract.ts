import { expect } from '@jest/globals';
import { steps, undos, type StepName, type UndoName } from '../../domain/steps';
import type { UndoOutcome } from '../../domain/undo-policy';
import type { ActivityWorld, Actor } from './activity-world';
import { contract, type ContractOptions } from './contract-engine';
import { Journey } from './journey';

type StepContractOptions = ContractOptions<Journey>;

async function begin(world: ActivityWorld, account: 'admin' | 'repluser'): Promise<Journey> {
  return await Journey.begin(world, await world.begin({ account }));
}

/**
 * The contract of a step: twice in a row, beside itself, cut off before and after each of its effects and run again, and each time
 * everything taken back with nothing left over. The effects are those of domain/steps.ts, so that a new one is covered by itself;
 * one that is never reached fails its case.
 */
export function stepContract(step: StepName, options: StepContractOptions = {}): void {
  const row = steps[step];
  const holdsData = row.order >= steps.beginCopy.order;

  contract(`the step contract of ${step} (${options.account ?? 'admin'})`, row.effects, options, {
    begin,
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
  options: StepContractOptions & { readonly mode?: 'undo' | 'release' } = {},
): void {
  const { mode = 'undo' } = options;
  const act = async (journey: Journey, actor: Actor): Promise<UndoOutcome> =>
    await actor.activities[undo]({ ...journey.createInput, ...journey.volumeInput, mode });

  contract(`the undo contract of ${undo} (${mode})`, undos[undo].effects, options, {
    begin,
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
        ? async (journey, actor) => {
            journey.volume = { ...journey.createInput, volumeId: journey.vm.firstRunId, volumeBytes: 1 };
            expect((await act(journey, actor)).outcome).toBe('nothing-to-undo');
          }
        : undefined,
  });
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
