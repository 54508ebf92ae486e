import { randomUUID } from 'node:crypto';
import type { DeviceMappings } from '../../database/device-mappings';
import type { Fence } from '../../database/fence';
import type { NbdExports } from '../../database/nbd-exports';
import type { Repositories } from '../../database/open';
import type { ReplicationJobs } from '../../database/replication-jobs';
import type { VolumeOperations } from '../../database/volume-operations';
import type { Volumes } from '../../database/volumes';
import { devicePath } from '../../domain/device-path';
import { type SourceVmKey, exportName, replicationWorkflowId } from '../../domain/names';
import { GIB } from '../../domain/sizes';

/** Rows for tests: whole, different from one another, each part replaceable. */

export function aVm(): SourceVmKey {
  return { site: 'demo', sourceId: 'vcenter-1', sourceVmId: randomUUID() };
}

export function aFence(vm: SourceVmKey = aVm()): Fence {
  return { ...vm, workflowId: replicationWorkflowId(vm), runId: randomUUID() };
}

/** Takes the VM of the fence for its run. */
export async function claim(repositories: Repositories, fence: Fence): Promise<void> {
  const { site, sourceId, sourceVmId, workflowId, runId } = fence;
  const taken = await repositories.database.transaction((tx) =>
    repositories.claims.take(tx, { site, sourceId, sourceVmId }, { kind: 'replication', workflowId, runId }),
  );
  if (taken.outcome !== 'taken') throw new Error('the VM of the test is held already');
}

type Mapping = Parameters<DeviceMappings['map']>[1];

export function aMapping(parts: Partial<Mapping> = {}): Mapping & { readonly deviceNode: string } {
  const vmId = parts.vmId ?? randomUUID();
  const volumeId = parts.volumeId ?? randomUUID();
  return {
    devicePath: devicePath(vmId, volumeId),
    vmId,
    volumeId,
    deviceNode: `/dev/disk/by-id/virtio-${volumeId.slice(0, 20)}`,
    cloudStackDeviceId: 1,
    role: 'replica',
    sizeBytes: 107 * GIB,
    ownerWorkflowId: 'replicate-vm/demo/vcenter-1/x',
    mappedByFirstRunId: randomUUID(),
    ...parts,
  };
}

type Operation = Parameters<VolumeOperations['record']>[1];

export function anOperation(parts: Partial<Operation> = {}): Operation {
  return {
    ...aVm(),
    id: randomUUID(),
    kind: 'attach',
    diskKey: 2000,
    attempt: 1,
    volumeId: randomUUID(),
    vmId: randomUUID(),
    jobId: randomUUID(),
    choseVolumeId: false,
    workflowId: 'replicate-vm/demo/vcenter-1/x',
    firstRunId: randomUUID(),
    runId: randomUUID(),
    activityId: '7',
    epoch: 1,
    ...parts,
  };
}

type Volume = Parameters<Volumes['add']>[1];

export function aVolume(parts: Partial<Volume> = {}): Volume {
  return {
    ...aVm(),
    volumeId: randomUUID(),
    volumeName: 'diskferry-pgtest1-2000-0a1b2c3d',
    diskKey: 2000,
    sizeBytes: 107 * GIB,
    createdByWorkflowId: 'replicate-vm/demo/vcenter-1/x',
    createdByFirstRunId: randomUUID(),
    ...parts,
  };
}

type Export = Parameters<NbdExports['open']>[1];

export function anExport(parts: Partial<Export> = {}): Export {
  const volumeId = parts.volumeId ?? randomUUID();
  return {
    exportName: exportName(volumeId),
    volumeId,
    applianceId: randomUUID(),
    deviceNode: `/dev/disk/by-id/virtio-${volumeId.slice(0, 20)}`,
    ownerWorkflowId: 'replicate-vm/demo/vcenter-1/x',
    ...parts,
  };
}

type Job = Parameters<ReplicationJobs['start']>[1];

export function aJob(parts: Partial<Job> = {}): Job {
  return {
    ...aVm(),
    firstRunId: randomUUID(),
    workflowId: 'replicate-vm/demo/vcenter-1/x',
    vmName: 'pgtest1',
    applianceId: randomUUID(),
    requestId: randomUUID(),
    requestDigest: 'd'.repeat(64),
    startedAt: '2026-01-02T03:04:05.678Z',
    ...parts,
  };
}
