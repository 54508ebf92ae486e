import type { Copier, DeviceResolver, Verifier } from '../appliance/ports';
import type { CopyProgressRows } from '../database/copy-progress';
import type { Database } from '../database/database';
import type { Volumes } from '../database/volumes';
import type { CurrentRun } from './activity-run';
import type { Effect } from './effect';
import type { Log } from './log';

/** What copyDisk and verifyDisk need. */
export interface CopyWork {
  readonly copier: Copier;
  readonly verifier: Verifier;
  readonly resolver: DeviceResolver;
  readonly database: Pick<Database, 'fenced'>;
  readonly progress: CopyProgressRows;
  readonly volumes: Volumes;
  readonly effect: Effect;
  readonly run: CurrentRun;
  readonly log: Log;
  /** the site says that a volume that was just made reads as zeros */
  readonly newVolumesAreZero: boolean;
}
