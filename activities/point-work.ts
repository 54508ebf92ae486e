import type { RecoveryPoints } from '../database/recovery-points';
import type { TestVolumes } from '../database/test-volumes';
import type { SiteSettings } from '../site/site-settings';
import type { VolumeMaking } from './volume-making';

/** What the activities of recovery points, and of what is made from them, need. */
export interface PointWork extends VolumeMaking {
  readonly points: RecoveryPoints;
  readonly testVolumes: TestVolumes;
  readonly settings: Pick<SiteSettings, 'recoveryPoints'>;
}
