import type { CopyProgressRows } from '../database/copy-progress';
import type { DeviceMappings } from '../database/device-mappings';
import type { Failovers } from '../database/failovers';
import type { RecoveryPoints } from '../database/recovery-points';
import type { ReplicationJobs } from '../database/replication-jobs';
import type { VmDisks } from '../database/vm-disks';
import type { Volumes } from '../database/volumes';

/** What a client reads from the database; it writes nothing there. */
export interface ReplicationRecords {
  readonly jobs: Pick<ReplicationJobs, 'byRequestId' | 'latestOfVm' | 'list'>;
  readonly progress: Pick<CopyProgressRows, 'get'>;
  readonly mappings: Pick<DeviceMappings, 'list'>;
  readonly volumes: Pick<Volumes, 'get'>;
  readonly disks: Pick<VmDisks, 'ofVm' | 'vmsOf'>;
  readonly failovers: Pick<Failovers, 'liveOf'>;
  readonly points: Pick<RecoveryPoints, 'ofVm'>;
}
