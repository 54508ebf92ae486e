import type { Snapshot } from '../cloudstack/api';
import type { VolumeOperation } from '../database/volume-operations';
import type { VmRef } from '../domain/step-io';
import type { ActivityRun } from './activity-run';
import { judgeSnapshot, pickSnapshot } from '../site/judge-snapshot';
import { listScope } from './list-scope';
import type { VolumeWork } from './volume-work';

/** What CloudStack has under the name of one snapshot operation. The name holds 8 digits of the operation's id: nobody else's. */
export interface Taken {
  readonly snapshot: Snapshot | undefined;
  /** what a call that was sent twice under one job id leaves beside it: the row is made before that id is checked */
  readonly doubles: readonly Snapshot[];
}

/** Lists what a snapshot operation has made. */
export async function listTaken(
  work: Pick<VolumeWork, 'api'>,
  run: ActivityRun,
  operation: Pick<VolumeOperation, 'id' | 'volumeName'>,
  knownId: string | undefined,
  vm: Pick<VmRef, 'projectId'>,
): Promise<Taken> {
  const name = operation.volumeName;
  if (name === undefined) throw new Error(`snapshot operation ${operation.id} has no name`);
  const listing = await work.api.listSnapshots({ name, listAll: true, ...listScope(vm) }, { signal: run.signal });
  const alive = listing.filter((snapshot) => judgeSnapshot(snapshot) !== 'gone');
  const snapshot = pickSnapshot(alive, knownId);
  return { snapshot, doubles: alive.filter((candidate) => candidate !== snapshot) };
}

/** One snapshot by its id; undefined when it is gone. */
export async function listSnapshot(
  work: Pick<VolumeWork, 'api'>,
  run: ActivityRun,
  id: string,
  vm: Pick<VmRef, 'projectId'>,
): Promise<Snapshot | undefined> {
  const listing = await work.api.listSnapshots({ id, listAll: true, ...listScope(vm) }, { signal: run.signal });
  return listing.find((snapshot) => snapshot.id === id && judgeSnapshot(snapshot) !== 'gone');
}
