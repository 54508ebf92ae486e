import type { PlanFailoverOutput } from '../domain/failover-io';
import { failoverDeviceIds } from '../domain/failover-request';
import { bytesToGibUp } from '../domain/sizes';
import { disksOf, type PlannableRequest, type PlannedDisk, type PlannedFailover } from './failover-plan';
import { deployCall } from './planned-deploy';

/** One call that CloudStack would be sent. `…` stands for what is known only when it is made. */
export interface PlannedCall {
  readonly command: string;
  readonly params: Readonly<Record<string, string>>;
  readonly why: string;
}

/** Stands for an id that is chosen, or answered, when the call is made. */
const LATER = '…';

type Kind = 'test' | 'live' | 'back' | 'revert';

/** Which kind of run a request asks for. */
export function kindOfRequest(request: PlannableRequest): Kind {
  if ('kind' in request) return request.kind;
  return 'to' in request ? 'revert' : 'back';
}

/**
 * The calls of CloudStack that a run would make when nothing stands in its way, in their order; those of the disks of one stage
 * go side by side. Each also carries a `customjobid` of its own, and new things get their ownership tags.
 */
export function plannedCalls(request: PlannableRequest, planned: PlannedFailover): PlannedCall[] {
  const { plan } = planned;
  const disks = disksOf(planned);
  const kind = kindOfRequest(request);
  const name = request.source.name;
  switch (kind) {
    case 'test':
      return [
        ...(plan.point === undefined ? snapshotCalls(disks, name) : []),
        ...restoreCalls(request, planned),
        ...deployCalls(request, planned),
        ...bootCalls(request, disks, () => LATER),
      ];
    case 'live':
      // The VM is made before the replicas leave the appliance: it shortens the time in which they are nowhere.
      return [
        ...snapshotCalls(disks, name),
        ...deployCalls(request, planned),
        ...disks.map((disk) => detachCall(disk, `takes disk ${key(disk)} off the appliance`)),
        ...bootCalls(request, disks, ({ volumeId }) => volumeId),
      ];
    case 'back':
      return backCalls(request, disks, plan);
    case 'revert':
      return [
        ...restoreCalls(request, planned),
        ...plan.replicas.map(({ diskKey, volumeId }) => ({
          command: 'detachVolume',
          params: { id: volumeId },
          why: `takes the former volume of disk ${String(diskKey)} off the appliance; it is kept`,
        })),
        ...disks.map((disk) =>
          applianceCall(LATER, request.appliance, `attaches the new volume of disk ${key(disk)} to the appliance`),
        ),
        ...disks.map((disk) => ({
          command: 'updateVolume',
          params: { id: LATER, deleteprotection: 'true' },
          why: `protects the new volume of disk ${key(disk)}`,
        })),
      ];
  }
}

function snapshotCalls(disks: readonly PlannedDisk[], vmName: string): PlannedCall[] {
  return disks.map((disk) => ({
    command: 'createSnapshot',
    params: { volumeid: disk.volumeId, name: madeName(vmName, disk) },
    why: `snapshots disk ${key(disk)}`,
  }));
}

function restoreCalls(request: PlannableRequest, planned: PlannedFailover): PlannedCall[] {
  const { zoneId, mayChooseIds } = planned.preflight;
  return disksOf(planned).map((disk) => ({
    command: 'createVolume',
    params: {
      name: madeName(request.source.name, disk),
      snapshotid: disk.snapshotId ?? LATER,
      zoneid: zoneId,
      ...(mayChooseIds && { customid: LATER }),
      ...ownerParams(request),
    },
    why: `makes a volume of ${String(bytesToGibUp(disk.volumeBytes))} GiB from the snapshot of disk ${key(disk)}`,
  }));
}

/** The VM, stopped, and the root of its template away. */
function deployCalls(request: PlannableRequest, { preflight }: PlannedFailover): PlannedCall[] {
  if (!('target' in request)) return [];
  return [
    ...deployCall(request, request.target, preflight),
    { command: 'detachVolume', params: { id: LATER }, why: "takes the template's root off it" },
    { command: 'deleteVolume', params: { id: LATER }, why: 'deletes that root' },
  ];
}

/** The disks come, the boot disk as 0 and data disks in key order, and it starts. */
function bootCalls(
  request: PlannableRequest,
  disks: readonly PlannedDisk[],
  volumeOf: (disk: PlannedDisk) => string,
): PlannedCall[] {
  if (!('target' in request)) return [];
  const devices = failoverDeviceIds(disks);
  const deviceOf = ({ diskKey }: PlannedDisk): number => devices.get(diskKey) ?? 0;
  const inOrder = [...disks].sort((one, other) => deviceOf(one) - deviceOf(other));
  return [
    ...inOrder.map((disk) => ({
      command: 'attachVolume',
      params: { id: volumeOf(disk), virtualmachineid: LATER, deviceid: String(deviceOf(disk)) },
      why: `attaches disk ${key(disk)} as ${disk.boot ? 'its root' : 'a data disk'}`,
    })),
    { command: 'startVirtualMachine', params: { id: LATER }, why: `starts ${request.target.name}` },
  ];
}

function backCalls(request: PlannableRequest, disks: readonly PlannedDisk[], plan: PlanFailoverOutput): PlannedCall[] {
  const id = plan.live?.failoverVmId ?? LATER;
  const vm = plan.live?.failoverVmName ?? 'the failover VM';
  return [
    { command: 'stopVirtualMachine', params: { id }, why: `stops ${vm}` },
    ...snapshotCalls(disks, request.source.name).map((call) => ({
      ...call,
      why: `${call.why}, with what ${vm} wrote`,
    })),
    ...disks.map((disk) => detachCall(disk, `takes disk ${key(disk)} off ${vm}`)),
    { command: 'destroyVirtualMachine', params: { id }, why: `after its list showed, twice, no replica on ${vm}` },
    { command: 'expungeVirtualMachine', params: { id }, why: 'after the list showed it once more' },
    ...disks.map((disk) =>
      applianceCall(disk.volumeId, request.appliance, `attaches disk ${key(disk)} to the appliance again`),
    ),
  ];
}

function detachCall(disk: PlannedDisk, why: string): PlannedCall {
  return { command: 'detachVolume', params: { id: disk.volumeId }, why };
}

function applianceCall(id: string, appliance: string, why: string): PlannedCall {
  return { command: 'attachVolume', params: { id, virtualmachineid: appliance }, why };
}

/** Who owns what is made. */
export function ownerParams(request: PlannableRequest): Record<string, string> {
  const { account, domainId } = 'account' in request ? request : {};
  return {
    ...(account !== undefined && { account }),
    ...(domainId !== undefined && { domainid: domainId }),
    ...(request.projectId !== undefined && { projectid: request.projectId }),
  };
}

function madeName(vmName: string, disk: PlannedDisk): string {
  return `diskferry-${vmName}-${key(disk)}-${LATER}`;
}

function key({ diskKey }: PlannedDisk): string {
  return String(diskKey);
}
