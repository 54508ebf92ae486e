import type { DiskState, ReplicationResult, ReplicationState } from '../domain/replication-state';
import type { ReplicationRequest } from '../domain/request';

/** The state of a run that has just begun. */
export function newState(request: ReplicationRequest & { requestId: string }, startTime: Date): ReplicationState {
  return {
    phase: 'preflight',
    site: request.site,
    sourceId: request.source.id,
    sourceVmId: request.source.vm,
    vmName: request.source.name,
    applianceId: request.appliance,
    requestId: request.requestId,
    provisioningAttempt: 1,
    disks: request.disks.map((disk) => newDisk(disk.key, disk.boot === true, disk.sizeBytes)),
    startedAt: startTime.toISOString(),
    pauseWish: false,
    leftovers: [],
  };
}

/** A disk on which nothing has been done, or nothing is left. */
export function newDisk(key: number, boot: boolean, sizeBytes: number): DiskState {
  return { key, boot, sizeBytes, step: 'waiting', stepAttempt: 0, undosOwed: [], kept: [] };
}

/** What a run that completed answers. */
export function resultOf(state: ReplicationState, ended: ReplicationResult['state']): ReplicationResult {
  return {
    state: ended,
    vmId: state.applianceId,
    disks: state.disks.map(
      ({ key, sizeBytes, volumeId, devicePath, deviceNode, exportName, sourceHash, targetHash }) => ({
        key,
        sizeBytes,
        ...(volumeId === undefined ? {} : { volumeId }),
        ...(devicePath === undefined ? {} : { devicePath }),
        ...(deviceNode === undefined ? {} : { deviceNode }),
        ...(exportName === undefined ? {} : { exportName }),
        ...(sourceHash === undefined ? {} : { sourceHash }),
        ...(targetHash === undefined ? {} : { targetHash }),
      }),
    ),
    kept: state.disks.flatMap((disk) => disk.kept),
    startedAt: state.startedAt,
    ...(state.exportsOpenAt === undefined ? {} : { exportsOpenAt: state.exportsOpenAt }),
    ...(state.copiedAt === undefined ? {} : { copiedAt: state.copiedAt }),
    endedAt: state.endedAt ?? state.startedAt,
  };
}
