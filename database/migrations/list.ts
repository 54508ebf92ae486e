import { vmClaims } from './0001-vm-claims';
import { volumes } from './0002-volumes';
import { volumeOperations } from './0003-volume-operations';
import { deviceMappings } from './0004-device-mappings';
import { exportsAndCopies } from './0005-exports-and-copies';
import { applianceSlots } from './0006-appliance-slots';
import { replicationJobs } from './0007-replication-jobs';
import { recoveryPoints } from './0008-recovery-points';
import { vmOperations } from './0009-vm-operations';
import { failovers } from './0010-failovers';
import { tests } from './0011-tests';
import { adoptedOperations } from './0012-adopted-operations';
import type { Migration } from './migration';

/** All migrations in the order in which they are applied; a list, not a folder read at run time, so that a build has them too. */
export const migrations: readonly Migration[] = [
  vmClaims,
  volumes,
  volumeOperations,
  deviceMappings,
  exportsAndCopies,
  applianceSlots,
  replicationJobs,
  recoveryPoints,
  vmOperations,
  failovers,
  tests,
  adoptedOperations,
];
