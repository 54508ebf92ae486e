import type { Snapshot, VirtualMachine, Volume } from '../../cloudstack/api';
import type { Survey } from '../../database/survey';
import { examine } from '../../doctor/examine';
import type { SeenAppliance, TemporalSight, Truths } from '../../doctor/truths';
import { devicePath } from '../../domain/device-path';
import type { SourceVmKey } from '../../domain/names';
import { replicationWorkflowId, sourceVmPath, taskQueues, volumeSerial, volumeTagKeys } from '../../domain/names';
import type { SiteHoldings } from '../../site/read-holdings';

/** Ids as they are in the job sheet and its site. */
export const APPLIANCE = '1c266316-503d-451d-9392-9585a6fcba41';
export const OTHER_VM = '9b0a2c6e-7f1d-4f65-8f0e-1f0f6f3c2a11';
export const VM: SourceVmKey = {
  site: 'qc',
  sourceId: 'vcenter-qc',
  sourceVmId: '420570c7-f61f-a930-77c5-1e876786cb3c',
};
export const VM_PATH = sourceVmPath(VM);
export const WORKFLOW = replicationWorkflowId(VM);
export const RUN = '7d0b1c1e-0a57-4b6c-9d5c-2b8f1f6f4a01';
export const ROOT = 'b3bb9310-1b59-4f62-97e8-cefffdfe3804';
export const DATA = '3106013a-e175-423e-a090-5e1c1a2b3c4d';
export const OPERATION = 'eb5032e1-8461-49ea-8756-3e4fa4000399';
const NOW = '2025-09-28T19:00:00.000Z';
const GIB = 1_073_741_824;

/** `minutes` before the moment of the look. */
export function ago(minutes: number): string {
  return new Date(Date.parse(NOW) - minutes * 60_000).toISOString();
}

type Rows = { -readonly [T in keyof Survey['rows']]: Survey['rows'][T][number][] };

/** The truths of a site, open to be changed. */
export interface OpenSite {
  facts: { -readonly [K in keyof Truths['site']]: Truths['site'][K] };
  rows: Rows;
  survey: { -readonly [K in Exclude<keyof Survey, 'rows'>]: Survey[K] };
  volumes: Volume[];
  machines: VirtualMachine[];
  snapshots: Snapshot[];
  holdings: { -readonly [K in Exclude<keyof SiteHoldings, 'volumes' | 'machines' | 'snapshots'>]: SiteHoldings[K] };
  appliance: {
    -readonly [K in keyof SeenAppliance]: SeenAppliance[K] extends readonly (infer E)[] ? E[] : SeenAppliance[K];
  };
  temporal: { -readonly [K in keyof TemporalSight]: TemporalSight[K] };
  /** instead of what is above */
  unknown: Partial<Record<'database' | 'cloudStack' | 'temporal' | 'appliance', string>>;
}

/** A site where all is well: pgtest1 with two verified replicas, attached and mapped, a recovery point, and nothing running. */
export function healthySite(): OpenSite {
  const disks = [
    { diskKey: 2000, volumeId: ROOT, gib: 107, node: 'vdb' },
    { diskKey: 2001, volumeId: DATA, gib: 10, node: 'vdc' },
  ];
  return {
    facts: {
      name: 'qc',
      applianceIds: [APPLIANCE],
      recoveryPoints: 1,
      otherApplianceIds: ['8a4400e5-c92a-4bc4-8bff-4b6b0b6a018c'],
    },
    survey: {
      schema: undefined,
      clock: { database: NOW, here: NOW },
      adoption: undefined,
      unreadableRows: [],
      unreadableTables: [],
    },
    rows: {
      device_mappings: disks.map(({ volumeId, gib }, index) => ({
        id: index + 1,
        devicePath: devicePath(APPLIANCE, volumeId),
        vmId: APPLIANCE,
        volumeUuid: volumeId,
        deviceNode: `/dev/disk/by-id/virtio-${volumeSerial(volumeId)}`,
        role: 'replica',
        sizeBytes: gib * GIB,
        ownerWorkflowId: WORKFLOW,
        createdAt: ago(300),
      })),
      volumes: disks.map(({ diskKey, volumeId, gib }) => volumeRow(volumeId, diskKey, gib)),
      test_volumes: [],
      vm_disks: disks.map(({ diskKey, volumeId }) => ({ ...VM, diskKey, volumeId, boot: diskKey === 2000 })),
      volume_operations: [],
      vm_operations: [],
      adopted_operations: [],
      nbd_exports: [],
      copy_progress: [],
      appliance_slots: [],
      replication_jobs: [
        {
          ...VM,
          workflowId: WORKFLOW,
          firstRunId: RUN,
          vmName: 'pgtest1',
          applianceId: APPLIANCE,
          phase: 'replicated',
          reason: undefined,
          startedAt: ago(320),
          updatedAt: ago(200),
          endedAt: ago(200),
        },
      ],
      failovers: [],
      live_failovers: [],
      vm_claims: [],
      vm_test_claims: [],
      recovery_points: [
        {
          ...VM,
          id: 'point-1',
          purpose: 'cycle',
          state: 'complete',
          firstRunId: RUN,
          createdAt: ago(300),
          goneAt: undefined,
        },
      ],
      recovery_point_snapshots: disks.map(({ diskKey, volumeId }) => ({
        pointId: 'point-1',
        diskKey,
        volumeId,
        snapshotId: `snapshot-${String(diskKey)}`,
        goneAt: undefined,
      })),
    },
    volumes: [
      ...disks.map(({ diskKey, volumeId, gib }) =>
        volume(volumeId, diskKey, gib, {
          virtualmachineid: APPLIANCE,
          vmname: 'appliance-qc',
          deviceid: diskKey - 1999,
        }),
      ),
      // Somebody else's, who names things as we do but for the tags.
      { ...volume('0d5c1f5e-3b1a-4c7e-9d2f-6a7b8c9d0e1f', 9, 5), name: 'their-data', tags: [] },
    ],
    machines: [{ id: APPLIANCE, name: 'appliance-qc', state: 'Running', nic: [], tags: [] }],
    snapshots: disks.map(({ diskKey, volumeId }) => ({
      id: `snapshot-${String(diskKey)}`,
      name: 's',
      volumeid: volumeId,
      state: 'BackedUp',
      tags: [],
    })),
    holdings: {
      appliances: [{ applianceId: APPLIANCE, attached: 2, limit: 13 }],
      quota: {
        account: 'admin',
        volumes: { used: 12, limit: 40 },
        primaryStorageGib: { used: 200, limit: undefined },
        ...noOtherLimits,
      },
      clockOffsetMs: 800,
      refusals: [],
    },
    appliance: {
      applianceId: APPLIANCE,
      clock: NOW,
      answeredAt: NOW,
      disks: [
        { name: 'vda', holders: ['dm-0'] },
        ...disks.map(({ volumeId, gib, node }) => ({
          name: node,
          serial: volumeSerial(volumeId),
          sizeBytes: gib * GIB,
          holders: [],
        })),
      ],
      links: disks.map(({ volumeId, node }) => ({
        node: `/dev/disk/by-id/virtio-${volumeSerial(volumeId)}`,
        disk: node,
      })),
      exports: [],
    },
    temporal: {
      openRuns: [],
      ends: new Map(),
      queues: [taskQueues.main, taskQueues.site('qc'), taskQueues.appliance(APPLIANCE)].map((name) => ({
        name,
        polled: true,
      })),
      missingSearchAttributes: [],
    },
    unknown: {},
  };
}

export const noOtherLimits = { snapshots: undefined, machines: undefined, cpus: undefined, memoryMib: undefined };

export function volumeRow(volumeId: string, diskKey: number, gib: number): Rows['volumes'][number] {
  return {
    ...VM,
    volumeId,
    volumeName: `diskferry-pgtest1-${String(diskKey)}-0a1b2c3d`,
    diskKey,
    sizeBytes: gib * GIB,
    createdByWorkflowId: WORKFLOW,
    createdByFirstRunId: RUN,
    copyBegun: true,
    generation: 1,
    verifiedHash: 'sha256-1GiB:aa',
    goneAt: undefined,
    keptBecause: undefined,
  };
}

/** A volume of ours as CloudStack lists it. */
export function volume(id: string, diskKey: number, gib: number, more: Partial<Volume> = {}): Volume {
  return {
    id,
    name: `diskferry-pgtest1-${String(diskKey)}-0a1b2c3d`,
    type: 'DATADISK',
    size: gib * GIB,
    state: 'Ready',
    tags: [
      { key: volumeTagKeys.owner, value: WORKFLOW },
      { key: volumeTagKeys.vm, value: VM_PATH },
      { key: volumeTagKeys.disk, value: String(diskKey) },
    ],
    ...more,
  };
}

/** An operation on the data disk that CloudStack refused, as in the job sheet. */
export function operationRow(more: Partial<Rows['volume_operations'][number]> = {}): Rows['volume_operations'][number] {
  return {
    ...VM,
    seq: 7,
    id: OPERATION,
    kind: 'attach',
    diskKey: 2001,
    attempt: 1,
    volumeId: DATA,
    vmId: APPLIANCE,
    jobId: undefined,
    state: 'failed',
    failure: "Duplicate entry 'remote-vm-…' for key 'unique_device_path'",
    workflowId: WORKFLOW,
    firstRunId: RUN,
    runId: RUN,
    createdAt: ago(90),
    updatedAt: ago(89),
    ...more,
  };
}

/** A replication that is open in Temporal and recorded in this phase. */
export function openRun(site: OpenSite, phase: string, updatedMinutesAgo = 1): void {
  site.temporal.openRuns = [{ workflowId: WORKFLOW, runId: RUN, firstRunId: RUN, since: ago(120) }];
  const [job] = site.rows.replication_jobs;
  site.rows.replication_jobs = [{ ...job!, phase, updatedAt: ago(updatedMinutesAgo), endedAt: undefined }];
}

export function truthsOf(site: OpenSite): Truths {
  const { unknown } = site;
  const truth = <T>(part: keyof OpenSite['unknown'], value: T) => {
    const cause = unknown[part];
    return cause === undefined ? { known: value } : { unknown: cause };
  };
  const { survey, rows, holdings, volumes, machines, snapshots } = site;
  return {
    at: NOW,
    site: site.facts,
    database: truth('database', { ...survey, rows }),
    cloudStack: truth('cloudStack', { ...holdings, volumes, machines, snapshots }),
    appliances: new Map([[APPLIANCE, truth('appliance', site.appliance)]]),
    temporal: truth('temporal', site.temporal),
  };
}

/** Ids of what doctor finds. */
export function found(site: OpenSite): string[] {
  return examine(truthsOf(site)).map(({ id }) => id);
}

/** The job sheet's site: the second disk's attach failed, and its volume stayed attached without a mapping. */
export function jobSheet(): OpenSite {
  const site = healthySite();
  site.rows.device_mappings = site.rows.device_mappings.filter((row) => row.volumeUuid !== DATA);
  site.rows.volumes = site.rows.volumes.map((row) =>
    row.volumeId === DATA ? { ...row, verifiedHash: undefined, copyBegun: false } : row,
  );
  site.rows.volume_operations.push(operationRow({ firstRunId: 'an-older-run' }));
  site.temporal.queues = [{ name: 'diskferry-site-qc', polled: false }];
  return site;
}
