import type { TestVolumes } from '../database/test-volumes';
import type { VmOperations } from '../database/vm-operations';
import type { Volumes } from '../database/volumes';
import type { SiteFacts } from './site-facts';
import type { VolumeWork } from './volume-work';

/** What every activity that changes a failover VM in CloudStack needs. */
export interface VmWork extends VolumeWork {
  readonly vmOperations: VmOperations;
  readonly volumes: Volumes;
  readonly testVolumes: TestVolumes;
  readonly facts: SiteFacts;
}
