import type { CopyProgressRows } from '../database/copy-progress';
import type { DeviceMappings } from '../database/device-mappings';
import type { ReplicationJobs } from '../database/replication-jobs';

/** What a client reads from the database; it writes nothing there. */
export interface ReplicationRecords {
  readonly jobs: Pick<ReplicationJobs, 'byRequestId' | 'latestOfVm' | 'list'>;
  readonly progress: Pick<CopyProgressRows, 'get'>;
  readonly mappings: Pick<DeviceMappings, 'list'>;
}
