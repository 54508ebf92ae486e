import { log } from '@temporalio/workflow';
import type { VmRef } from '../domain/step-io';
import type { RunActivities } from './activities';
import { isStop } from './failure-of';
import type { ProvisionedDisk } from './provision-disk';
import type { RunControl } from './run-control';
import type { RunView } from './run-view';
import { takePoint } from './take-point';
import type { UndoLedger } from './undo-ledger';

export interface CycleContext {
  readonly vm: VmRef;
  readonly activities: RunActivities;
  readonly ledger: UndoLedger;
  readonly view: RunView;
  readonly control: RunControl;
  readonly attempt: number;
}

/**
 * Before a cycle's first write over volumes that were there before: a recovery point of them, then the points beyond those that the
 * site keeps are removed. A disk that is new holds nothing yet and is no part of what would be lost.
 *
 * @returns the disks, with new proofs of their devices where they left the appliance for it
 * @throws StepFailed, Stopped as the ledger does; then no snapshot is left once what is owed has been taken back
 */
export async function pointBeforeCycle(
  context: CycleContext,
  disks: readonly ProvisionedDisk[],
): Promise<ProvisionedDisk[]> {
  const { vm, activities, ledger, view, attempt } = context;
  const there = disks.filter((disk) => !disk.created);
  const point = await takePoint({
    vm,
    activities,
    ledger,
    purpose: 'cycle',
    attempt,
    disks: there.map(({ volume, request }) => ({ volume, boot: request.boot === true })),
    snapshots: 'try',
    opened: (pointId) => {
      view.state.pointId = pointId;
    },
  });
  for (const { request } of there) view.stepEnds(request.key, { step: 'provisioned' });
  if (point === undefined) return [...disks];
  await prune(context);
  return disks.map((disk) => ({ ...disk, device: point.devices.get(disk.request.key) ?? disk.device }));
}

/** What could not be removed now is said, and left to the next run: it never fails this one. */
async function prune({ vm, activities, control, view }: CycleContext): Promise<void> {
  try {
    const { left } = await activities.prunePoints(vm);
    if (left.length === 0) return;
    view.state.pointsLeft = left;
    log.warn('recovery points beyond those that are kept could not all be removed', { left });
  } catch (error) {
    if (control.stopWish() !== undefined || isStop(error)) throw error;
    view.state.pointsLeft = ['older recovery points could not be removed; the next run tries again'];
    log.warn('recovery points beyond those that are kept could not be removed', { error: String(error) });
  }
}
