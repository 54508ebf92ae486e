import type { FailoverResult, FailoverState } from '../domain/failover-state';
import type { VmRef } from '../domain/step-io';

/** The state of a failover, a failback or a revert that has just begun; its disks are known when it has been planned. */
export function newFailoverState(
  kind: FailoverState['kind'],
  vm: VmRef,
  requestId: string,
  startTime: Date,
  failoverVmName?: string,
): FailoverState {
  return {
    phase: 'preflight',
    kind,
    site: vm.site,
    sourceId: vm.sourceId,
    sourceVmId: vm.sourceVmId,
    vmName: vm.vmName,
    applianceId: vm.applianceId,
    requestId,
    ...(failoverVmName === undefined ? {} : { failoverVm: { name: failoverVmName } }),
    vmStep: { step: 'waiting', attempt: 0, undosOwed: [] },
    disks: [],
    pointOfNoReturn: 'ahead',
    reminded: false,
    startedAt: startTime.toISOString(),
    cancelWish: false,
    overridden: [],
    leftovers: [],
  };
}

/** What a run that completed answers. */
export function failoverResultOf(
  state: FailoverState,
  ended: FailoverResult['state'],
  kept: readonly string[],
): FailoverResult {
  return {
    state: ended,
    kind: state.kind,
    ...(state.failoverVm === undefined ? {} : { failoverVm: state.failoverVm }),
    ...(state.pointId === undefined ? {} : { pointId: state.pointId }),
    disks: state.disks.map(({ key, boot, volumeId, devicePath, deviceId }) => ({
      key,
      boot,
      ...(volumeId === undefined ? {} : { volumeId }),
      ...(devicePath === undefined ? {} : { devicePath }),
      ...(deviceId === undefined ? {} : { deviceId }),
    })),
    kept: [...kept, ...state.disks.flatMap((disk) => disk.kept)],
    startedAt: state.startedAt,
    ...(state.readyAt === undefined ? {} : { readyAt: state.readyAt }),
    endedAt: state.endedAt ?? state.startedAt,
  };
}
