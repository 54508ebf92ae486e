import type { Logger } from 'pino';
import type { WorkerConfiguration } from './config';
import type { WorkerHealth } from './health';
import type { Metrics } from './metrics';
import type { DatabaseAccess } from './secrets';
import type { ServedQueue } from './served-queues';
import type { WorkerTemporal } from './temporal-access';

/** What a worker has once everything that it cannot do without has answered. */
export interface Serving {
  readonly configuration: WorkerConfiguration;
  readonly database: DatabaseAccess;
  readonly temporal: WorkerTemporal;
  readonly queues: readonly ServedQueue[];
  readonly log: Logger;
  readonly health: WorkerHealth;
  /** none where nobody reads them, as in tests */
  readonly metrics?: Metrics;
  /** the variable of the database URL, DISKFERRY_FAILPOINTS */
  readonly environment: Readonly<Record<string, string>>;
}
