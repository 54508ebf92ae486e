import type { NbdExports } from '../database/nbd-exports';
import { openDatabase } from '../database/open';
import type { VmOperations } from '../database/vm-operations';
import type { VolumeOperations } from '../database/volume-operations';
import { loadConfiguration } from '../worker/config';
import { translateDatabaseError } from '../worker/database-failure';
import { databaseAccess } from '../worker/secrets';
import type { CommandContext } from './command-context';
import type { FailoverRecords } from './failover-records';
import type { ReplicationRecords } from './replication-records';

export interface OpenRecords {
  readonly records: ReplicationRecords;
  readonly failovers: FailoverRecords;
  /** every call that was to be sent to CloudStack */
  readonly operations: { readonly volume: Pick<VolumeOperations, 'list'>; readonly vm: Pick<VmOperations, 'list'> };
  readonly exports: Pick<NbdExports, 'list'>;
  readonly close: () => Promise<void>;
}

/**
 * Opens the database that a configuration names, to read. Nothing is connected yet: each read may throw
 * `database-unavailable` with the address, which is worth a retry.
 *
 * @throws DiskferryFailure `configuration-invalid`
 */
export async function openRecords(configurationFile: string, context: CommandContext): Promise<OpenRecords> {
  const configuration = await loadConfiguration(configurationFile);
  const { url, password } = await databaseAccess(configuration, context.io.env);
  const {
    jobs,
    progress,
    mappings,
    mappingHistory,
    failovers,
    points,
    volumes,
    disks,
    operations,
    exports,
    vmOperations,
    database,
  } = openDatabase({ url, ...(password !== undefined && { password }), poolSize: 4 });
  return {
    records: {
      jobs: {
        byRequestId: (requestId) => translateDatabaseError(() => jobs.byRequestId(requestId)),
        latestOfVm: (vm) => translateDatabaseError(() => jobs.latestOfVm(vm)),
        list: (filter) => translateDatabaseError(() => jobs.list(filter)),
      },
      progress: { get: (volumeId) => translateDatabaseError(() => progress.get(volumeId)) },
      mappings: { list: (filter) => translateDatabaseError(() => mappings.list(filter)) },
      volumes: { get: (volumeId) => translateDatabaseError(() => volumes.get(volumeId)) },
      disks: {
        ofVm: (vm) => translateDatabaseError(() => disks.ofVm(vm)),
        vmsOf: (sourceVmId) => translateDatabaseError(() => disks.vmsOf(sourceVmId)),
      },
      failovers: { liveOf: (vm) => translateDatabaseError(() => failovers.liveOf(vm)) },
      points: { ofVm: (vm) => translateDatabaseError(() => points.ofVm(vm)) },
    },
    failovers: {
      failovers: {
        byRequestId: (requestId) => translateDatabaseError(() => failovers.byRequestId(requestId)),
        list: (filter) => translateDatabaseError(() => failovers.list(filter)),
        liveOf: (vm) => translateDatabaseError(() => failovers.liveOf(vm)),
      },
      points: {
        ofVm: (vm) => translateDatabaseError(() => points.ofVm(vm)),
        list: () => translateDatabaseError(() => points.list()),
      },
      mappingHistory: { ofVolume: (volumeId) => translateDatabaseError(() => mappingHistory.ofVolume(volumeId)) },
    },
    operations: {
      volume: { list: (filter) => translateDatabaseError(() => operations.list(filter)) },
      vm: { list: (filter) => translateDatabaseError(() => vmOperations.list(filter)) },
    },
    exports: { list: (filter) => translateDatabaseError(() => exports.list(filter)) },
    close: () => database.close(),
  };
}
