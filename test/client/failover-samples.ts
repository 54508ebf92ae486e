import type { LiveFailover } from '../../database/failovers';
import type { RecoveryPoint } from '../../database/recovery-points';
import type { PlannedFailover } from '../../client/failover-plan';
import { failBackRequestSchema, failoverRequestSchema, revertRequestSchema } from '../../domain/failover-request';
import type { FailoverState } from '../../domain/failover-state';
import { GIB } from '../../domain/sizes';
import { applianceId, vmId } from './support';

/** pgtest1 with two disks, as the tests of texts show it. */

export const vm = { site: 'qc', sourceId: 'vcenter-qc', sourceVmId: vmId };
export const failoverVmId = '5b6a1c1e-98d6-4be4-9f4e-2f4d1f0f3a10';
export const pointId = '9c1f8a52-62a7-5bd0-8f44-3f1ad4cf7f11';
export const osVolume = '7f0c0d4e-8a53-4c35-9d56-5d2b8f0f3c11';
export const dataVolume = 'd77080d7-e19c-4f0f-b5ff-9b0b09b5ada0';
const startedAt = '2026-11-26T10:00:00.000Z';
export const now = Date.parse('2026-11-26T12:00:00.000Z');

const common = {
  schemaVersion: 1,
  site: 'qc',
  source: { id: 'vcenter-qc', vm: vmId, name: 'pgtest1' },
  appliance: applianceId,
};
const target = {
  name: 'pgtest1-fo',
  serviceOffering: 'medium',
  template: 'shell',
  networks: [{ network: 'isolated', macAddress: '02:00:4c:4f:4f:50' }],
  firmware: 'uefi',
};

export const requests = {
  test: failoverRequestSchema.parse({ ...common, kind: 'test', target }),
  live: failoverRequestSchema.parse({
    ...common,
    kind: 'live',
    target,
    quiesce: { by: 'hook', hook: 'stop-postgres' },
    confirm: true,
  }),
  back: failBackRequestSchema.parse({ ...common, discardWrites: true }),
  revert: revertRequestSchema.parse({ ...common, to: 'latest-point' }),
};

const replica = { generation: 1, verifiedHash: 'sha256-1GiB:aa', verifiedAt: startedAt };
const replicas = [
  { ...replica, diskKey: 2000, boot: true, volumeId: osVolume, volumeName: 'v0', volumeBytes: 107 * GIB },
  { ...replica, diskKey: 2001, boot: false, volumeId: dataVolume, volumeName: 'v1', volumeBytes: 10 * GIB },
];
const snapshots = replicas.map(({ diskKey, boot, volumeId, volumeBytes, verifiedHash }) => ({
  diskKey,
  boot,
  volumeId,
  snapshotId: `00000000-0000-4000-8000-00000000${String(diskKey)}`,
  sizeBytes: volumeBytes,
  hash: verifiedHash,
}));
export const planned: PlannedFailover = {
  plan: { replicas, verifiedAt: startedAt, overridden: [] },
  preflight: {
    zoneId: '11111111-1111-4111-8111-111111111111',
    zoneName: 'QC',
    cloudStackVersion: '4.22.1.0',
    mayChooseIds: true,
    recoveryPointsKept: 1,
    snapshotsOfAttached: 'allowed',
    snapshotBytes: 117 * GIB,
    notes: ['isolated has no egress rule'],
    target: {
      serviceOfferingId: '22222222-2222-4222-8222-222222222222',
      serviceOfferingName: 'medium',
      templateId: '33333333-3333-4333-8333-333333333333',
      templateName: 'shell',
      networks: [{ id: '44444444-4444-4444-8444-444444444444', name: 'isolated', macAddress: '02:00:4c:4f:4f:50' }],
      details: { rootDiskController: 'virtio' },
      dataDiskLimit: 6,
    },
  },
};
export const plannedFromPoint: PlannedFailover = {
  ...planned,
  plan: { ...planned.plan, point: { pointId, takenAt: startedAt, purpose: 'cycle', snapshots } },
};
export const live: LiveFailover = {
  ...vm,
  failoverVmId,
  failoverVmName: 'pgtest1-fo',
  applianceId,
  pointId,
  volumes: replicas.map(({ diskKey, volumeId }) => ({ diskKey, volumeId })),
  firstRunId: 'run-1',
  since: startedAt,
};
export const plannedBack: PlannedFailover = {
  ...planned,
  plan: { ...planned.plan, live: { failoverVmId, failoverVmName: 'pgtest1-fo', since: startedAt } },
};

export const state: FailoverState = {
  phase: 'attaching',
  kind: 'live',
  ...vm,
  vmName: 'pgtest1',
  applianceId,
  requestId: 'r',
  failoverVm: { name: 'pgtest1-fo', id: failoverVmId },
  vmStep: { step: 'clearRoot', attempt: 1, undosOwed: ['removeVm'] },
  disks: [
    {
      key: 2000,
      boot: true,
      sizeBytes: 107 * GIB,
      step: 'mapToVm',
      stepAttempt: 1,
      volumeId: osVolume,
      devicePath: `remote-vm-${failoverVmId}-${osVolume}`,
      deviceId: 0,
      undosOwed: ['detachFromVm'],
      kept: [],
    },
    {
      key: 2001,
      boot: false,
      sizeBytes: 10 * GIB,
      step: 'attachToVm',
      stepAttempt: 2,
      volumeId: dataVolume,
      deviceId: 1,
      undosOwed: ['detachFromVm'],
      kept: [],
    },
  ],
  pointId,
  pointOfNoReturn: 'ahead',
  reminded: false,
  startedAt,
  cancelWish: false,
  overridden: [],
  leftovers: [],
};

export const point: RecoveryPoint = {
  ...vm,
  id: pointId,
  purpose: 'cycle',
  state: 'complete',
  workflowId: `replicate-vm/qc/vcenter-qc/${vmId}`,
  firstRunId: 'run-0',
  createdAt: startedAt,
  completedAt: '2026-11-26T10:00:04.000Z',
  snapshots: replicas.map(({ diskKey, boot, volumeId, volumeBytes, verifiedHash }) => ({
    diskKey,
    boot,
    volumeId,
    sizeBytes: volumeBytes,
    generation: 1,
    hash: verifiedHash,
    snapshotId: `00000000-0000-4000-8000-00000000${String(diskKey)}`,
  })),
};
