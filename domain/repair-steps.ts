import type { UndoRow } from './steps';

/** What only a repair does, beside the steps and undos of the workflows: nothing is owed for it, and each may run twice. */
export const repairWork: Readonly<
  Record<'settleOperation' | 'closeOlderOperation' | 'adoptVolume' | 'endRecord', UndoRow>
> = {
  settleOperation: {
    does: 'closes an unfinished operation of a run that has ended, by what came of its job and where the volume is',
    provenBy: "the operation's row",
    queue: 'site',
    effects: ['settleOperation.finish'],
    failures: ['operation-active', 'job-pending'],
  },
  closeOlderOperation: {
    does: 'closes an operation that the older installation left failed or unfinished, by where the volume is and whether that is mapped',
    provenBy: "the operation's row",
    queue: 'site',
    effects: ['closeOlderOperation.close'],
    failures: ['job-pending'],
  },
  adoptVolume: {
    does: 'records a volume of ours that no row takes for there, as one that may hold data',
    provenBy: "the volume's row",
    queue: 'site',
    effects: ['adoptVolume.record'],
    failures: ['volume-gone', 'volume-differs'],
  },
  endRecord: {
    does: 'ends the row of a run that is said to go on, when Temporal says that it has ended',
    provenBy: "the run's row",
    queue: 'main',
    effects: ['endRecord.end'],
    failures: [],
  },
};
