import type { CopyLock, DeviceResolver, ExportLinks } from '../appliance/ports';
import type { Clock } from '../cloudstack/clock';
import type { Database } from '../database/database';
import type { DeviceMappings } from '../database/device-mappings';
import type { NbdExports } from '../database/nbd-exports';
import type { VolumeOperations } from '../database/volume-operations';
import type { CurrentRun } from './activity-run';
import type { Effect } from './effect';
import type { Log } from './log';
import type { Polling } from './polling';

/** What the short activities on an appliance need. */
export interface ApplianceWork {
  readonly resolver: DeviceResolver;
  readonly links: ExportLinks;
  readonly lock: CopyLock;
  readonly database: Pick<Database, 'fenced'>;
  readonly operations: VolumeOperations;
  readonly exports: NbdExports;
  readonly mappings: DeviceMappings;
  readonly clock: Clock;
  readonly polling: Polling;
  readonly effect: Effect;
  readonly run: CurrentRun;
  readonly log: Log;
  readonly settings: ApplianceSettings;
}

export interface ApplianceSettings {
  /** folder of the stable links, for messages */
  readonly byIdDirectory: string;
  /** how long a device may take to appear or to go, milliseconds */
  readonly deviceWaitMs: number;
  /** how long a ghost disk may still appear after an attach or detach in doubt, milliseconds */
  readonly settleTimeMs: number;
}
