import type { Tx } from '../database/database';
import type { Fence } from '../database/fence';
import type { VolumeOperation } from '../database/volume-operations';
import type { VolumeWork } from './volume-work';

/** How an operation ended, as its row records it. */
export interface OperationEnd {
  readonly state: 'done' | 'failed';
  readonly volumeId?: string;
  /** in CloudStack's words */
  readonly failure?: string;
  /** what the hypervisor did is open */
  readonly doubtful?: boolean;
}

/** Closes an operation's row, as one effect together with whatever else is true from that moment on. */
export async function finishOperation(
  work: VolumeWork,
  fence: Fence,
  effect: string,
  operation: VolumeOperation,
  end: OperationEnd,
  also: (tx: Tx) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { doubtful = false, ...row } = end;
  await work.effect(effect, () =>
    work.database.fenced(fence, async (tx) => {
      if (doubtful) await work.operations.markDoubtful(tx, operation.id);
      await work.operations.finish(tx, operation.id, row);
      await also(tx);
    }),
  );
}
