import { sourceVmPath } from '../../domain/names';
import type { VmOperation } from '../../database/vm-operations';
import type { VolumeOperation } from '../../database/volume-operations';

/** An operation on a volume or on a failover VM, as one shape. */
export interface Operation {
  readonly id: string;
  /** the source VM: site/source/id */
  readonly vm: string;
  readonly kind: VolumeOperation['kind'] | VmOperation['kind'];
  readonly state: VolumeOperation['state'];
  /** its outcome was unknown at least once */
  readonly doubtful: boolean;
  readonly diskKey?: number;
  /** the volume, or the failover VM */
  readonly thing: string;
  readonly jobId?: string;
  readonly failure?: string;
  readonly firstRunId: string;
  readonly workflowId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export function ofVolume(row: VolumeOperation): Operation {
  return {
    ...shared(row),
    doubtful: row.doubtful,
    diskKey: row.diskKey,
    thing: `volume ${row.volumeId ?? row.volumeName ?? 'not known yet'}`,
  };
}

export function ofVm(row: VmOperation): Operation {
  return { ...shared(row), doubtful: false, thing: `failover VM ${row.failoverVmId ?? row.failoverVmName}` };
}

function shared(row: VolumeOperation | VmOperation): Omit<Operation, 'doubtful' | 'diskKey' | 'thing'> {
  const { id, kind, state, jobId, failure, firstRunId, workflowId, createdAt, updatedAt } = row;
  return {
    id,
    vm: sourceVmPath(row),
    kind,
    state,
    ...(jobId !== undefined && { jobId }),
    ...(failure !== undefined && { failure }),
    firstRunId,
    workflowId,
    createdAt,
    updatedAt,
  };
}

/** What became of an operation, in a sentence. */
export function operationSentence({ kind, state, doubtful, diskKey, thing, jobId, failure }: Operation): string {
  const disk = diskKey === undefined ? '' : `disk ${String(diskKey)}: `;
  const job = jobId === undefined ? '' : ` (CloudStack job ${jobId})`;
  const doubt = doubtful ? '; its answer was lost or came late, so what came of it was observed' : '';
  const end = {
    recorded: 'was recorded to be sent; how it ended is not recorded',
    done: 'is done',
    failed: `failed or had no effect: ${failure ?? 'no reason is recorded'}`,
  }[state];
  return `${disk}${kind} of ${thing}${job} ${end}${doubt}`;
}
