import type { AdoptedOperations } from '../database/adopted-operations';
import { mayMeanAnotherSchema } from '../database/errors';
import { checkSchema } from '../database/migrate';
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
  readonly operations: {
    readonly volume: Pick<VolumeOperations, 'list'>;
    readonly vm: Pick<VmOperations, 'list'>;
    /** what an older installation left failed or unfinished */
    readonly adopted: Pick<AdoptedOperations, 'get' | 'list'>;
  };
  readonly exports: Pick<NbdExports, 'list'>;
  readonly close: () => Promise<void>;
}

/**
 * Opens the database that a configuration names, to read. Nothing is connected yet: each read may throw
 * `database-unavailable` with the address, which is worth a retry, or `schema-foreign` and `schema-outdated`.
 *
 * @throws DiskferryFailure `configuration-invalid`
 */
export async function openRecords(configurationFile: string, context: CommandContext): Promise<OpenRecords> {
  const configuration = await loadConfiguration(configurationFile);
  const { url, password } = await databaseAccess(configuration, context.io.env);
  const secret = password !== undefined && { password };
  const read = <T>(work: () => Promise<T>): Promise<T> =>
    translateDatabaseError(async () => {
      try {
        return await work();
      } catch (error) {
        // Says what the schema is instead, and which command mends that.
        if (mayMeanAnotherSchema(error)) await checkSchema(url, { ...secret });
        throw error;
      }
    });
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
    adoptedOperations,
    database,
  } = openDatabase({ url, ...secret, poolSize: 4 });
  return {
    records: {
      jobs: {
        byRequestId: (requestId) => read(() => jobs.byRequestId(requestId)),
        latestOfVm: (vm) => read(() => jobs.latestOfVm(vm)),
        list: (filter) => read(() => jobs.list(filter)),
      },
      progress: { get: (volumeId) => read(() => progress.get(volumeId)) },
      mappings: { list: (filter) => read(() => mappings.list(filter)) },
      volumes: { get: (volumeId) => read(() => volumes.get(volumeId)) },
      disks: {
        ofVm: (vm) => read(() => disks.ofVm(vm)),
        vmsOf: (sourceVmId) => read(() => disks.vmsOf(sourceVmId)),
      },
      failovers: { liveOf: (vm) => read(() => failovers.liveOf(vm)) },
      points: { ofVm: (vm) => read(() => points.ofVm(vm)) },
    },
    failovers: {
      failovers: {
        byRequestId: (requestId) => read(() => failovers.byRequestId(requestId)),
        list: (filter) => read(() => failovers.list(filter)),
        liveOf: (vm) => read(() => failovers.liveOf(vm)),
      },
      points: {
        ofVm: (vm) => read(() => points.ofVm(vm)),
        list: () => read(() => points.list()),
      },
      mappingHistory: { ofVolume: (volumeId) => read(() => mappingHistory.ofVolume(volumeId)) },
    },
    operations: {
      volume: { list: (filter) => read(() => operations.list(filter)) },
      vm: { list: (filter) => read(() => vmOperations.list(filter)) },
      adopted: {
        get: (id) => read(() => adoptedOperations.get(id)),
        list: (vm) => read(() => adoptedOperations.list(vm)),
      },
    },
    exports: { list: (filter) => read(() => exports.list(filter)) },
    close: () => database.close(),
  };
}
