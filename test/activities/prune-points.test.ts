import { expect } from '@jest/globals';
import { pointWorkContract } from '../support/failover-contract';

pointWorkContract('openPoint', {
  act: (journey, actor) => journey.openPoint(actor),
  takeBack: async (journey, actor) => {
    await journey.takeBack(actor);
    // Cut off after its only effect and never asked again, nobody knows the point: the pruning of the next run removes it.
    await journey.asLaterRun(async (later, vm) => {
      expect((await later.activities.prunePoints(vm)).left).toEqual([]);
    });
  },
});

pointWorkContract('prunePoints', {
  arrange: async (journey, actor) => {
    await journey.takePoint(actor, 'cycle', 1);
    await journey.takePoint(actor, 'cycle', 2);
  },
  act: async (journey, actor) => {
    const { left } = await actor.activities.prunePoints(journey.vm);
    expect(left).toEqual([]);
  },
  takeBack: (journey) => journey.prunePoints(),
});
