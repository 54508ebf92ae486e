import { randomUUID } from 'node:crypto';
import type { Failovers } from '../../database/failovers';
import type { RecoveryPoints } from '../../database/recovery-points';
import type { TestVolumes } from '../../database/test-volumes';
import type { VmOperations } from '../../database/vm-operations';
import { failoverWorkflowId } from '../../domain/names';
import { GIB } from '../../domain/sizes';
import { aVm } from './builders';

/** Rows of recovery points and failovers for tests, as test/database/builders.ts makes those of replications. */

type Point = Parameters<RecoveryPoints['open']>[1];

/** A point of a boot disk and a data disk. */
export function aPoint(parts: Partial<Point> = {}): Point {
  const disk = (diskKey: number) => ({
    diskKey,
    boot: diskKey === 2000,
    volumeId: randomUUID(),
    sizeBytes: 107 * GIB,
    generation: 1,
    hash: `sha256-1GiB:${String(diskKey)}`,
  });
  return {
    ...aVm(),
    id: randomUUID(),
    purpose: 'cycle',
    workflowId: 'replicate-vm/demo/vcenter-1/x',
    firstRunId: randomUUID(),
    disks: [disk(2000), disk(2001)],
    ...parts,
  };
}

type Operation = Parameters<VmOperations['record']>[1];

export function aVmOperation(parts: Partial<Operation> = {}): Operation & { readonly failoverVmId: string } {
  const { failoverVmId = randomUUID() } = parts;
  return {
    ...aVm(),
    id: randomUUID(),
    kind: 'start',
    attempt: 1,
    failoverVmName: 'pgtest1-failover',
    jobId: randomUUID(),
    choseVmId: true,
    workflowId: 'fail-over-vm/demo/vcenter-1/x',
    firstRunId: randomUUID(),
    runId: randomUUID(),
    activityId: '7',
    epoch: 1,
    ...parts,
    failoverVmId,
  };
}

type TestVolume = Parameters<TestVolumes['add']>[1];

export function aTestVolume(parts: Partial<TestVolume> = {}): TestVolume {
  return {
    ...aVm(),
    volumeId: randomUUID(),
    volumeName: 'diskferry-test-pgtest1-2000-0a1b2c3d',
    diskKey: 2000,
    sizeBytes: 107 * GIB,
    pointId: randomUUID(),
    snapshotId: randomUUID(),
    firstRunId: randomUUID(),
    ...parts,
  };
}

type Run = Parameters<Failovers['start']>[1];

export function aFailover(parts: Partial<Run> = {}): Run {
  const vm = aVm();
  return {
    ...vm,
    firstRunId: randomUUID(),
    workflowId: failoverWorkflowId(vm),
    kind: 'test',
    vmName: 'pgtest1',
    applianceId: randomUUID(),
    requestId: randomUUID(),
    requestDigest: 'd'.repeat(64),
    failoverVmName: 'pgtest1-failover',
    startedAt: '2026-01-02T03:04:05.678Z',
    ...parts,
  };
}

type Live = Parameters<Failovers['goLive']>[1];

export function aLiveFailover(parts: Partial<Live> = {}): Live {
  return {
    ...aVm(),
    failoverVmId: randomUUID(),
    failoverVmName: 'pgtest1-failover',
    applianceId: randomUUID(),
    pointId: randomUUID(),
    volumes: [
      { diskKey: 2000, volumeId: randomUUID() },
      { diskKey: 2001, volumeId: randomUUID() },
    ],
    firstRunId: randomUUID(),
    ...parts,
  };
}
