import type { FailoverActivities } from '../../activities/queues';
import { devicePath } from '../../domain/device-path';

export const FAILOVER_VM = 'f0000000-0000-4000-8000-000000000001';
export const POINT = 'a0000000-0000-4000-8000-000000000001';
const GIB = 1_073_741_824;

const id = (kind: string, diskKey: unknown): string =>
  `${kind}0000000-0000-4000-8000-${String(diskKey).padStart(12, '0')}`;
/** The replica of a disk. */
export const replicaId = (diskKey: number): string => id('b', diskKey);
export const snapshotId = (diskKey: number): string => id('c', diskKey);
/** The volume that is made from the snapshot of a disk. */
export const restoredId = (diskKey: number): string => id('d', diskKey);

type Answer = (input: Record<string, unknown>) => unknown;
const undone =
  (undo: string): Answer =>
  () => ({ undo, outcome: 'undone' });

export const snapshotsOf = (keys: readonly number[]) =>
  keys.map((diskKey, index) => ({
    diskKey,
    boot: index === 0,
    volumeId: replicaId(diskKey),
    snapshotId: snapshotId(diskKey),
    sizeBytes: 10 * GIB,
    hash: `sha256-1GiB:${String(diskKey)}`,
  }));

/** What planFailover answers about a VM with these disks, the first of them its boot disk. */
export const planOf = (keys: readonly number[]) => ({
  replicas: keys.map((diskKey, index) => ({
    diskKey,
    boot: index === 0,
    volumeId: replicaId(diskKey),
    volumeName: `diskferry-pgtest1-${String(diskKey)}`,
    volumeBytes: 10 * GIB,
    generation: 1,
    verifiedHash: `sha256-1GiB:${String(diskKey)}`,
    verifiedAt: '2026-11-26T10:00:00.000Z',
  })),
  verifiedAt: '2026-11-26T10:00:00.000Z',
  overridden: [],
});

/** The good answers of the activities that failovers and recovery points need, for a VM with the disks 2000 and 2001. */
export const failoverAnswers: Record<keyof FailoverActivities, Answer> = {
  claimFailover: () => ({ epoch: 1 }),
  enterLease: () => undefined,
  recordFailover: () => undefined,
  planFailover: (input) => ({
    ...planOf([2000, 2001]),
    ...(input['from'] === undefined
      ? {}
      : {
          point: {
            pointId: POINT,
            takenAt: '2026-11-26T10:00:00.000Z',
            purpose: 'cycle',
            snapshots: snapshotsOf([2000, 2001]),
          },
        }),
    ...(input['kind'] === 'back'
      ? { live: { failoverVmId: FAILOVER_VM, failoverVmName: 'pgtest1-live', since: '2026-11-26T11:00:00.000Z' } }
      : {}),
  }),
  preflightFailover: () => ({
    zoneId: '11111111-1111-4111-8111-111111111111',
    zoneName: 'QC',
    cloudStackVersion: '4.22.1.0',
    mayChooseIds: true,
    recoveryPointsKept: 1,
    snapshotsOfAttached: 'unknown',
    snapshotBytes: 20 * GIB,
    notes: [],
    target: {
      serviceOfferingId: '33333333-3333-4333-8333-333333333333',
      serviceOfferingName: 'small',
      templateId: '44444444-4444-4444-8444-444444444444',
      templateName: 'shell',
      networks: [{ id: '55555555-5555-4555-8555-555555555555', name: 'sandbox' }],
      details: {},
      dataDiskLimit: 13,
    },
  }),
  openPoint: () => ({ pointId: POINT, because: 'verified volumes will be written' }),
  snapshotVolume: (input) => ({
    snapshotId: snapshotId(input['diskKey'] as number),
    snapshotName: `diskferry-pgtest1-${String(input['diskKey'])}`,
  }),
  deleteSnapshot: undone('deleteSnapshot'),
  completePoint: () => ({ takenAt: '2026-11-26T12:00:00.000Z', snapshots: snapshotsOf([2000, 2001]) }),
  prunePoints: () => ({ removed: [], left: [] }),
  restoreVolume: (input) => ({
    volumeId: restoredId(input['diskKey'] as number),
    volumeName: 'diskferry-restored',
    volumeBytes: 10 * GIB,
  }),
  deleteRestoredVolume: undone('deleteRestoredVolume'),
  quiesceSource: () => undefined,
  resumeSource: undone('resumeSource'),
  runHook: () => undefined,
  deployVm: () => ({ failoverVmId: FAILOVER_VM }),
  removeVm: undone('removeVm'),
  clearRoot: () => undefined,
  attachToVm: () => undefined,
  detachFromVm: undone('detachFromVm'),
  mapToVm: (input) => ({
    devicePath: devicePath(input['failoverVmId'] as string, input['volumeId'] as string),
  }),
  unmapFromVm: undone('unmapFromVm'),
  prepareGuest: () => undefined,
  startVm: () => undefined,
  stopVm: undone('stopVm'),
  checkHealth: () => undefined,
  commitFailover: () => undefined,
  commitFailback: () => undefined,
  commitRevert: () => undefined,
};
