import type { Failovers } from '../database/failovers';
import type { MappingHistory } from '../database/mapping-history';
import type { RecoveryPoints } from '../database/recovery-points';

/** What a client reads of failovers from the database; it writes nothing there. */
export interface FailoverRecords {
  readonly failovers: Pick<Failovers, 'byRequestId' | 'list' | 'liveOf'>;
  readonly mappingHistory: MappingHistory;
  readonly points: Pick<RecoveryPoints, 'ofVm' | 'list'>;
}
