import type { FailureCode } from '../domain/failures';
import type { DiskSource } from '../domain/request';
import type { DeviceProof } from '../domain/step-io';
import { StepFailed } from './failure-of';
import type { ProvisionedDisk } from './provision-disk';
import type { RunControl } from './run-control';
import type { RunView } from './run-view';
import type { UndoLedger } from './undo-ledger';

/** Failures that are answered by going round again, from the device on, instead of by repeating the one step. */
const goRound: readonly FailureCode[] = ['verify-mismatch', 'device-wrong', 'device-in-use'];

export interface TransferContext {
  readonly ledger: UndoLedger;
  readonly view: RunView;
  readonly control: RunControl;
  /** the source now: an operator may have replaced it while the disk was held */
  readonly sourceOf: (disk: ProvisionedDisk) => { readonly source: DiskSource; readonly sourceRevision?: number };
  readonly roundsOf: (disk: ProvisionedDisk) => number;
  readonly exportOpened: (disk: ProvisionedDisk) => void;
  readonly copied: (disk: ProvisionedDisk) => void;
}

/**
 * Everything after the barrier, for one disk: export, copy, verify, close. A disk that cannot go on is held, with its siblings
 * untouched, until an operator says `retryNow` or stops the run; nothing here is ever undone by machine.
 *
 * @throws Stopped when the run is to stop
 */
export async function transferDisk(context: TransferContext, disk: ProvisionedDisk): Promise<void> {
  const { control, view } = context;
  const key = disk.request.key;
  let again = false;
  for (let round = 1; ; round += 1) {
    try {
      await transferOnce(context, disk, again);
      return;
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      again = true;
      if (goRound.includes(error.record.code) && round < context.roundsOf(disk)) continue;
      view.holdBegins(key);
      await control.untilRetryNow();
      round = 0;
    }
  }
}

async function transferOnce(context: TransferContext, disk: ProvisionedDisk, again: boolean): Promise<void> {
  const { ledger, view } = context;
  const key = disk.request.key;
  // A device may have changed since it was proven: the appliance was started anew, or the disk was attached again.
  const device: DeviceProof = again ? await ledger.run(key, 'resolveDevice', disk.volume) : disk.device;
  const target = { ...disk.volume, device };

  await ledger.run(key, 'beginCopy', disk.volume);
  const opened = await ledger.run(key, 'openExport', target, ['device-wrong', 'device-in-use']);
  view.stepEnds(key, { step: 'exported', exportName: opened.exportName });
  context.exportOpened(disk);

  const copied = await ledger.run(
    key,
    'copyDisk',
    // Whether a new volume may count as zero, and what the copier did before, is known where the copier runs.
    { ...target, ...context.sourceOf(disk), targetIsZero: disk.created },
    ['device-wrong', 'device-in-use'],
  );
  view.stepEnds(key, { step: 'copied', sourceBytes: copied.sourceBytes, sourceHash: copied.sourceHash });

  context.copied(disk);

  const verified = await ledger.run(key, 'verifyDisk', target, ['verify-mismatch', 'device-wrong', 'device-in-use']);
  view.stepEnds(key, { step: 'verified', sourceHash: verified.sourceHash, targetHash: verified.targetHash });

  await ledger.settle(key, 'openExport');
  view.stepEnds(key, { step: 'replicated' });
}
