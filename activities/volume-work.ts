import type { CloudStackApi } from '../cloudstack/api';
import type { Clock } from '../cloudstack/clock';
import type { Database } from '../database/database';
import type { VolumeOperations } from '../database/volume-operations';
import type { CurrentRun } from './activity-run';
import type { Effect } from './effect';
import type { Log } from './log';
import type { Polling } from './polling';

/** What every activity that changes volumes in CloudStack needs. The site's name comes with each input. */
export interface VolumeWork {
  readonly api: CloudStackApi;
  readonly database: Pick<Database, 'fenced'>;
  readonly operations: VolumeOperations;
  readonly clock: Clock;
  readonly polling: Polling;
  readonly effect: Effect;
  readonly run: CurrentRun;
  readonly log: Log;
}
