import type { SimulatorControl } from '../../stack/simulator-control';
import type { FailoverClient } from '../failover-client';
import type { ReplicationClient } from '../replication-client';
import type { ReplicationRecords } from '../replication-records';
import type { Expectations } from './expectations';
import type { Narrator } from './narrator';

/** What every stage of the demo works with. */
export interface Scene {
  readonly replications: ReplicationClient;
  readonly failovers: FailoverClient;
  readonly records: ReplicationRecords;
  readonly simulator: SimulatorControl;
  readonly narrator: Narrator;
  readonly expectations: Expectations;
  /** aborted when the user wants to stop */
  readonly signal: AbortSignal;
}
