import type { VmDisks } from '../database/vm-disks';
import type { Volumes } from '../database/volumes';
import type { SiteFacts } from './site-facts';
import type { VolumeWork } from './volume-work';

/** What making and deleting volumes needs. */
export interface VolumeMaking extends VolumeWork {
  readonly facts: SiteFacts;
  readonly volumes: Volumes;
  readonly disks: VmDisks;
}
