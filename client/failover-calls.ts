import type { PlanFailoverOutput, Replica } from '../domain/failover-io';
import { failoverDeviceIds, type FailoverTarget } from '../domain/failover-request';
import { bytesToGibUp } from '../domain/sizes';
import type { PlannedFailover } from './failover-plan';
import type { PlannableRequest } from './failover-plan';
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
  const kind = kindOfRequest(request);
  const name = request.source.name;
  switch (kind) {
    case 'test':
      return [
        ...(plan.point === undefined ? snapshotCalls(plan, name) : []),
        ...restoreCalls(request, planned),
        ...failoverVmCalls(request, planned, () => LATER),
      ];
    case 'live':
      return [
        ...snapshotCalls(plan, name),
        ...plan.replicas.map((replica) => detachCall(replica, `takes disk ${key(replica)} off the appliance`)),
        ...failoverVmCalls(request, planned, (replica) => replica.volumeId),
      ];
    case 'back':
      return backCalls(request, plan);
    case 'revert':
      return [
        ...restoreCalls(request, planned),
        ...plan.replicas.map((replica) =>
          detachCall(replica, `takes the former volume of disk ${key(replica)} off the appliance; it is kept`),
        ),
        ...plan.replicas.map((replica) =>
          applianceCall(LATER, request.appliance, `attaches the new volume of disk ${key(replica)} to the appliance`),
        ),
        ...plan.replicas.map((replica) => ({
          command: 'updateVolume',
          params: { id: LATER, deleteprotection: 'true' },
          why: `protects the new volume of disk ${key(replica)}`,
        })),
      ];
  }
}

function snapshotCalls(plan: PlanFailoverOutput, vmName: string): PlannedCall[] {
  return plan.replicas.map((replica) => ({
    command: 'createSnapshot',
    params: { volumeid: replica.volumeId, name: madeName(vmName, replica) },
    why: `snapshots disk ${key(replica)}`,
  }));
}

function restoreCalls(request: PlannableRequest, { plan, preflight }: PlannedFailover): PlannedCall[] {
  return plan.replicas.map((replica) => {
    const snapshot = plan.point?.snapshots.find(({ diskKey }) => diskKey === replica.diskKey);
    return {
      command: 'createVolume',
      params: {
        name: madeName(request.source.name, replica),
        snapshotid: snapshot?.snapshotId ?? LATER,
        zoneid: preflight.zoneId,
        ...(preflight.mayChooseIds && { customid: LATER }),
        ...ownerParams(request),
      },
      why: `makes a volume of ${String(bytesToGibUp(snapshot?.sizeBytes ?? replica.volumeBytes))} GiB from the snapshot of disk ${key(replica)}`,
    };
  });
}

/** Deploy, the template's root away, attach, start. */
function failoverVmCalls(
  request: PlannableRequest,
  planned: PlannedFailover,
  volumeOf: (replica: Replica) => string,
): PlannedCall[] {
  const target: FailoverTarget | undefined = 'target' in request ? request.target : undefined;
  if (target === undefined) return [];
  const devices = failoverDeviceIds(planned.plan.replicas);
  const inOrder = [...planned.plan.replicas].sort(
    (one, other) => (devices.get(one.diskKey) ?? 0) - (devices.get(other.diskKey) ?? 0),
  );
  return [
    ...deployCall(request, target, planned.preflight),
    { command: 'detachVolume', params: { id: LATER }, why: "takes the template's root off it" },
    { command: 'deleteVolume', params: { id: LATER }, why: 'deletes that root' },
    ...inOrder.map((replica) => ({
      command: 'attachVolume',
      params: {
        id: volumeOf(replica),
        virtualmachineid: LATER,
        deviceid: String(devices.get(replica.diskKey) ?? 0),
      },
      why: `attaches disk ${key(replica)} as ${replica.boot ? 'its root' : 'a data disk'}`,
    })),
    { command: 'startVirtualMachine', params: { id: LATER }, why: `starts ${target.name}` },
  ];
}

function backCalls(request: PlannableRequest, plan: PlanFailoverOutput): PlannedCall[] {
  const id = plan.live?.failoverVmId ?? LATER;
  const vm = plan.live?.failoverVmName ?? 'the failover VM';
  return [
    { command: 'stopVirtualMachine', params: { id }, why: `stops ${vm}` },
    ...snapshotCalls(plan, request.source.name).map((call) => ({ ...call, why: `${call.why}, with what ${vm} wrote` })),
    ...plan.replicas.map((replica) => detachCall(replica, `takes disk ${key(replica)} off ${vm}`)),
    { command: 'destroyVirtualMachine', params: { id }, why: `after its list showed, twice, no replica on ${vm}` },
    { command: 'expungeVirtualMachine', params: { id }, why: 'after the list showed it once more' },
    ...plan.replicas.map((replica) =>
      applianceCall(replica.volumeId, request.appliance, `attaches disk ${key(replica)} to the appliance again`),
    ),
  ];
}

function detachCall(replica: Replica, why: string): PlannedCall {
  return { command: 'detachVolume', params: { id: replica.volumeId }, why };
}

function applianceCall(id: string, appliance: string, why: string): PlannedCall {
  return { command: 'attachVolume', params: { id, virtualmachineid: appliance }, why };
}

function ownerParams(request: PlannableRequest): Record<string, string> {
  const { account, domainId } = 'account' in request ? request : {};
  return {
    ...(account !== undefined && { account }),
    ...(domainId !== undefined && { domainid: domainId }),
    ...(request.projectId !== undefined && { projectid: request.projectId }),
  };
}

function madeName(vmName: string, replica: Replica): string {
  return `diskferry-${vmName}-${key(replica)}-${LATER}`;
}

function key({ diskKey }: Replica): string {
  return String(diskKey);
}
