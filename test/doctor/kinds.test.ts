import { describe, expect, test } from '@jest/globals';
import { examine } from '../../doctor/examine';
import { runKey } from '../../doctor/truths';
import { devicePath } from '../../domain/device-path';
import { findingTable } from '../../domain/finding-table';
import { type FindingKind, findingKinds } from '../../domain/findings';
import { failureRecord } from '../../domain/failures';
import { exportName, OLDER_OWNER, taskQueues, volumeSerial } from '../../domain/names';
import {
  APPLIANCE,
  ago,
  DATA,
  found,
  healthySite,
  noOtherLimits,
  OPERATION,
  OTHER_VM,
  openRun,
  type OpenSite,
  operationRow,
  ROOT,
  RUN,
  truthsOf,
  VM,
  VM_PATH,
  volume,
  volumeRow,
  WORKFLOW,
} from './site';

const ORPHAN = '5f6a7b8c-1d2e-4f30-9a4b-8c7d6e5f4a3b';

/** Each kind: what plants it, the ids that must be found then, and what is like it but well (or is only work in progress). */
interface Planted {
  plant(site: OpenSite): void;
  finds: readonly string[];
  /** the same, but well: nothing of this kind may be found */
  well(site: OpenSite): void;
}

const data = (site: OpenSite) => site.volumes.find(({ id }) => id === DATA)!;
const change = (site: OpenSite, id: string, more: Partial<OpenSite['volumes'][number]>): void => {
  site.volumes = site.volumes.map((each) => (each.id === id ? { ...each, ...more } : each));
};
const detach = (site: OpenSite, id: string): void => {
  change(site, id, { virtualmachineid: undefined, vmname: undefined, deviceid: undefined });
};
const unmap = (site: OpenSite, id: string): void => {
  site.rows.device_mappings = site.rows.device_mappings.filter((row) => row.volumeUuid !== id);
};
const unplug = (site: OpenSite, id: string): void => {
  site.appliance.disks = site.appliance.disks.filter(({ serial }) => serial !== volumeSerial(id));
  site.appliance.links = site.appliance.links.filter(({ node }) => !node.endsWith(volumeSerial(id)));
};
const remap = (site: OpenSite, path: string): void => {
  site.rows.device_mappings = site.rows.device_mappings.map((row) =>
    row.volumeUuid === DATA ? { ...row, devicePath: path } : row,
  );
};
const tear = (site: OpenSite): void => {
  site.rows.volumes = site.rows.volumes.map((row) =>
    row.volumeId === DATA ? { ...row, verifiedHash: undefined } : row,
  );
};
/** The data disk's volume as it was adopted: nobody knows what it holds. */
const adoptData = (site: OpenSite): void => {
  tear(site);
  site.rows.volumes = site.rows.volumes.map((row) =>
    row.volumeId === DATA ? { ...row, createdByWorkflowId: OLDER_OWNER } : row,
  );
};
const adoption = (state: 'begun' | 'done', leftSourceVmId?: string): NonNullable<OpenSite['survey']['adoption']> => ({
  ...{ id: 'adoption-1', state, beganAt: ago(90), atWork: false },
  leftBehind:
    leftSourceVmId === undefined
      ? []
      : [
          {
            ...{ contextId: 'ctx-pgtest2', vmName: 'pgtest2', sourceVmId: leftSourceVmId },
            ...{ status: 'failed_over_live', volumes: [ORPHAN] },
          },
        ],
});
const runEnded = (site: OpenSite): void => {
  site.temporal.ends = new Map([[runKey(WORKFLOW, RUN), { words: 'was terminated at 2025-09-28T18:00:00.000Z' }]]);
};
const unfinishedJob = (site: OpenSite, phase: string): void => {
  site.rows.replication_jobs = site.rows.replication_jobs.map((row) => ({ ...row, phase, endedAt: undefined }));
};
const openExport = (site: OpenSite): void => {
  const deviceNode = `/dev/disk/by-id/virtio-${volumeSerial(DATA)}`;
  const row = { volumeId: DATA, exportName: exportName(DATA), applianceId: APPLIANCE, deviceNode };
  site.rows.nbd_exports = [{ ...row, state: 'open', ownerWorkflowId: WORKFLOW }];
};
const silent = (part: keyof OpenSite['unknown']) => (site: OpenSite) => {
  site.unknown[part] = 'nobody answers';
};

const planted: Readonly<Record<FindingKind, Planted>> = {
  'database-unreachable': { plant: silent('database'), finds: ['database'], well: silent('cloudStack') },
  'cloudstack-unreachable': { plant: silent('cloudStack'), finds: ['qc'], well: silent('database') },
  'temporal-unreachable': { plant: silent('temporal'), finds: ['temporal'], well: silent('cloudStack') },
  'appliance-silent': { plant: silent('appliance'), finds: [APPLIANCE], well: silent('temporal') },
  'table-unreadable': {
    plant: (site) => (site.survey.unreadableTables = [{ table: 'failovers', cause: 'SELECT command denied' }]),
    finds: ['failovers'],
    well: (site) => (site.rows.failovers = []),
  },
  'row-unreadable': {
    plant: (site) => (site.survey.unreadableRows = [{ table: 'volumes', key: ROOT, problem: 'sizeBytes: too small' }]),
    finds: [`volumes/${ROOT}`],
    well: (site) => (site.rows.volumes = [...site.rows.volumes]),
  },
  'schema-foreign': {
    plant: (site) => {
      site.survey.schema = { problem: 'foreign', details: ['device_mappings', 'volume_operations'] };
    },
    well: (site) => {
      site.survey.schema = undefined;
    },
    finds: ['database'],
  },
  'schema-drift': {
    plant: (site) =>
      (site.survey.schema = { problem: 'differs', details: ['missing: index device_mappings.unique_device_path'] }),
    finds: ['differs'],
    well: (site) => (site.survey.schema = undefined),
  },
  'queue-unpolled': {
    plant: (site) => (site.temporal.queues = [{ name: taskQueues.site('qc'), polled: false }]),
    finds: [taskQueues.site('qc')],
    well: (site) => (site.temporal.queues = [{ name: taskQueues.site('qc'), polled: true }]),
  },
  'preflight-refusal': {
    plant: (site) =>
      (site.holdings.refusals = [
        failureRecord('appliance-not-running', { applianceId: APPLIANCE, name: 'appliance-qc', state: 'Stopped' }),
      ]),
    finds: [`appliance-not-running/${APPLIANCE}`],
    well: (site) => (site.holdings.refusals = []),
  },
  'search-attributes-missing': {
    plant: (site) => (site.temporal.missingSearchAttributes = ['DiskferryVm']),
    finds: ['temporal'],
    well: (site) => (site.temporal.missingSearchAttributes = []),
  },
  'clock-difference': {
    plant: (site) => {
      site.survey.clock = { database: ago(-2), here: ago(0) };
      site.holdings.clockOffsetMs = -600_000;
      site.appliance.clock = ago(3);
    },
    finds: [APPLIANCE, 'cloudstack', 'database'],
    well: (site) => {
      site.survey.clock = { database: ago(-0.2), here: ago(0) };
      site.holdings.clockOffsetMs = undefined;
    },
  },
  'limit-near': {
    plant: (site) => {
      site.holdings.appliances = [{ applianceId: APPLIANCE, attached: 12, limit: 13 }];
      site.holdings.quota = {
        account: 'a',
        volumes: { used: 90, limit: 100 },
        primaryStorageGib: { used: 5, limit: 5 },
        ...noOtherLimits,
      };
    },
    finds: [APPLIANCE, 'primary-storage', 'volumes'],
    well: (site) => {
      site.holdings.appliances = [{ applianceId: APPLIANCE, attached: 10, limit: 13 }];
      site.holdings.quota = {
        account: 'a',
        volumes: { used: 89, limit: 100 },
        primaryStorageGib: undefined,
        ...noOtherLimits,
      };
    },
  },
  'duplicate-device-path': {
    plant: (site) => remap(site, devicePath(APPLIANCE, ROOT)),
    finds: [devicePath(APPLIANCE, ROOT)],
    well: (site) => remap(site, devicePath(APPLIANCE, DATA)),
  },
  'old-form-path': {
    plant: (site) => remap(site, `remote-vm-${APPLIANCE}`),
    finds: [DATA],
    well: (site) => remap(site, devicePath(APPLIANCE, DATA)),
  },
  'device-path-differs': {
    plant: (site) => remap(site, devicePath(OTHER_VM, DATA)),
    finds: [DATA],
    well: (site) => remap(site, '/dev/vdc'),
  },
  'mapping-without-attachment': {
    plant: (site) => {
      detach(site, DATA);
      unplug(site, DATA);
    },
    finds: [DATA],
    well: (site) => {
      detach(site, DATA);
      unplug(site, DATA);
      openRun(site, 'provisioning');
    },
  },
  'attachment-without-mapping': {
    plant: (site) => unmap(site, DATA),
    finds: [DATA],
    well: (site) => {
      unmap(site, DATA);
      // not ours: neither row nor tag
      site.rows.volumes = site.rows.volumes.filter((row) => row.volumeId !== DATA);
      change(site, DATA, { tags: [] });
    },
  },
  'volume-on-wrong-vm': {
    plant: (site) => {
      change(site, DATA, { virtualmachineid: OTHER_VM, vmname: 'somebody' });
      unplug(site, DATA);
    },
    finds: [DATA],
    well: (site) => {
      // a failover VM has its volumes mapped where they are
      change(site, DATA, { virtualmachineid: OTHER_VM, vmname: 'pgtest1' });
      unplug(site, DATA);
      site.rows.device_mappings = site.rows.device_mappings.map((row) =>
        row.volumeUuid === DATA
          ? { ...row, vmId: OTHER_VM, devicePath: devicePath(OTHER_VM, DATA), deviceNode: undefined, role: 'live_data' }
          : row,
      );
    },
  },
  'orphan-volume': {
    plant: (site) => {
      site.volumes.push(volume(ORPHAN, 2001, 10));
    },
    finds: [ORPHAN],
    well: (site) => {
      // another site's, somebody else's of our name, and one that is being made
      const tags = volume(ORPHAN, 2001, 10).tags.map((tag) => ({ ...tag, value: tag.value.replace('qc/', 'dr/') }));
      site.volumes.push({ ...volume(ORPHAN, 2001, 10), tags }, { ...volume(OTHER_VM, 2001, 10), tags: [] });
    },
  },
  'size-mismatch': {
    plant: (site) => change(site, DATA, { size: data(site).size * 2 }),
    finds: [DATA],
    well: (site) => change(site, DATA, { size: data(site).size * 2, state: 'Resizing' }),
  },
  'straggler-job': {
    plant: (site) => change(site, DATA, { jobid: 'job-1', jobstatus: 0 }),
    finds: ['job-1'],
    well: (site) => {
      change(site, DATA, { jobid: 'job-1', jobstatus: 0 });
      site.rows.volume_operations.push(operationRow({ state: 'recorded', jobId: 'job-1' }));
    },
  },
  'ghost-disk': {
    plant: (site) => {
      detach(site, DATA);
      unmap(site, DATA);
    },
    finds: [`${APPLIANCE}/${DATA}`],
    well: (site) => {
      detach(site, DATA);
      unmap(site, DATA);
      openRun(site, 'cancelling');
    },
  },
  'device-without-mapping': {
    plant: (site) => {
      site.appliance.disks.push({ name: 'vdd', serial: volumeSerial(ORPHAN), holders: [] });
    },
    finds: [`${APPLIANCE}/${volumeSerial(ORPHAN)}`],
    well: (site) => {
      // CloudStack lists it there, whoever's it is; a disk with another kind of serial is no volume
      site.volumes.push(volume(ORPHAN, 1, 1, { name: 'theirs', tags: [], virtualmachineid: APPLIANCE }));
      site.appliance.disks.push(
        { name: 'vdd', serial: volumeSerial(ORPHAN), holders: [] },
        { name: 'sda', serial: 'WD-1234', holders: [] },
      );
    },
  },
  'mapping-without-device': { plant: (site) => unplug(site, DATA), finds: [DATA], well: silent('appliance') },
  'serial-mismatch': {
    plant: (site) => {
      site.appliance.links = site.appliance.links.map((link) =>
        link.node.endsWith(volumeSerial(DATA)) ? { ...link, disk: 'vdb' } : link,
      );
    },
    finds: [`${APPLIANCE}/${DATA}`],
    well: (site) => {
      site.appliance.links.push({ node: `/dev/disk/by-id/scsi-${volumeSerial(DATA)}`, disk: 'vdc' });
    },
  },
  'device-held': {
    plant: (site) => {
      site.appliance.disks = site.appliance.disks.map((disk) =>
        disk.name === 'vdc' ? { ...disk, holders: ['dm-3'] } : disk,
      );
    },
    finds: [`${APPLIANCE}/${DATA}`],
    well: (site) => {
      // the appliance's own disk, which is no replica
      site.volumes.push(volume(ORPHAN, 0, 20, { type: 'ROOT', name: 'ROOT-2', tags: [], virtualmachineid: APPLIANCE }));
      site.appliance.disks.push({ name: 'vdd', serial: volumeSerial(ORPHAN), holders: ['dm-0'] });
    },
  },
  'orphan-export': {
    plant: openExport,
    finds: [`${APPLIANCE}/${DATA}`],
    well: (site) => {
      openExport(site);
      site.appliance.exports = [DATA];
      openRun(site, 'held');
    },
  },
  'orphan-link': {
    plant: (site) => (site.appliance.exports = [DATA]),
    finds: [`${APPLIANCE}/${DATA}`],
    well: (site) => {
      site.appliance.exports = [DATA];
      openExport(site);
    },
  },
  'export-server-silent': {
    plant: (site) => (site.appliance.exportServerSilent = 'connect ECONNREFUSED'),
    finds: [APPLIANCE],
    well: (site) => (site.appliance.exports = []),
  },
  'failed-operation': {
    plant: (site) => {
      tear(site);
      site.rows.volume_operations.push(operationRow({ firstRunId: 'an-older-run' }));
    },
    finds: [OPERATION],
    well: (site) => {
      tear(site);
      site.rows.volume_operations.push(
        operationRow({ firstRunId: 'an-older-run' }),
        operationRow({ id: 'later', seq: 9, state: 'done', failure: undefined }),
      );
    },
  },
  'stuck-operation': {
    plant: (site) => {
      openRun(site, 'provisioning', 60);
      site.rows.volume_operations.push(operationRow({ state: 'recorded', updatedAt: ago(45) }));
    },
    finds: [OPERATION],
    well: (site) => {
      openRun(site, 'provisioning');
      site.rows.volume_operations.push(operationRow({ state: 'recorded', updatedAt: ago(5) }));
    },
  },
  'operation-without-workflow': {
    plant: (site) => {
      runEnded(site);
      site.rows.volume_operations.push(operationRow({ state: 'recorded' }));
    },
    finds: [OPERATION],
    well: (site) => {
      openRun(site, 'provisioning');
      site.rows.volume_operations.push(operationRow({ state: 'recorded', updatedAt: ago(1) }));
    },
  },
  'workflow-without-record': {
    plant: (site) => {
      openRun(site, 'copying');
      site.rows.replication_jobs = [];
    },
    finds: [WORKFLOW],
    well: (site) => {
      // it has only just begun
      openRun(site, 'copying');
      site.rows.replication_jobs = [];
      site.temporal.openRuns = site.temporal.openRuns.map((run) => ({ ...run, since: ago(1) }));
    },
  },
  'job-without-workflow': {
    plant: (site) => {
      unfinishedJob(site, 'provisioning');
      runEnded(site);
    },
    finds: [RUN],
    well: (site) => openRun(site, 'provisioning'),
  },
  'job-stuck': {
    plant: (site) => openRun(site, 'provisioning', 45),
    finds: [RUN],
    well: (site) => {
      // the job's row is old, but an operation of a moment ago shows that it goes on
      openRun(site, 'provisioning', 45);
      site.rows.volume_operations.push(operationRow({ state: 'done', updatedAt: ago(2) }));
    },
  },
  'needs-attention': {
    plant: (site) => openRun(site, 'needs_attention'),
    finds: [RUN],
    well: (site) => openRun(site, 'paused', 500),
  },
  'abandoned-leftovers': {
    plant: (site) => {
      site.rows.replication_jobs = site.rows.replication_jobs.map((row) => ({ ...row, phase: 'abandoned' }));
      tear(site);
    },
    finds: [DATA],
    well: (site) => {
      site.rows.replication_jobs = site.rows.replication_jobs.map((row) => ({ ...row, phase: 'abandoned' }));
      site.volumes = site.volumes.filter(({ id }) => id !== DATA);
    },
  },
  'adoption-unfinished': {
    plant: (site) => {
      site.survey.adoption = adoption('begun');
      // the tables are in neither state: it explains that
      site.survey.schema = { problem: 'missing', details: [] };
      site.survey.unreadableTables = [{ table: 'failovers', cause: 'is not there' }];
    },
    finds: ['adoption-1'],
    well: (site) => (site.survey.adoption = { ...adoption('begun'), atWork: true }),
  },
  'vm-left-behind': {
    plant: (site) => (site.survey.adoption = adoption('done', OTHER_VM)),
    finds: ['ctx-pgtest2'],
    // it was replicated anew
    well: (site) => (site.survey.adoption = adoption('done', VM.sourceVmId)),
  },
  'adopted-unverified': {
    plant: adoptData,
    finds: [VM_PATH],
    well: (site) => {
      adoptData(site);
      // Diskferry began to write it: now it is torn
      site.rows.copy_progress = [{ volumeId: DATA, updatedAt: ago(9_000) }];
    },
  },
  'torn-vm': {
    plant: tear,
    finds: [VM_PATH],
    well: (site) => {
      tear(site);
      openRun(site, 'copying');
    },
  },
  'recovery-point-missing': {
    plant: (site) => {
      tear(site);
      site.rows.recovery_points = [];
    },
    finds: [VM_PATH],
    well: tear,
  },
  'recovery-point-broken': {
    plant: (site) => {
      site.snapshots = site.snapshots.filter(({ volumeid }) => volumeid !== DATA);
    },
    finds: ['point-1/2001'],
    well: (site) => {
      site.snapshots = [];
      site.rows.recovery_points = site.rows.recovery_points.map((point) => ({ ...point, state: 'removing' }));
    },
  },
  'recovery-point-left': {
    plant: (site) => {
      const [point] = site.rows.recovery_points;
      site.rows.recovery_points.push({ ...point!, id: 'point-0', state: 'removing' });
      site.rows.recovery_point_snapshots.push(
        { pointId: 'point-0', diskKey: 2000, volumeId: ROOT, snapshotId: 'snap-0', goneAt: ago(5) },
        { pointId: 'point-0', diskKey: 2001, volumeId: DATA, snapshotId: 'snap-1', goneAt: undefined },
      );
    },
    finds: ['point-0'],
    // The run that takes a point is at it.
    well: (site) => {
      const [point] = site.rows.recovery_points;
      site.rows.recovery_points.push({ ...point!, id: 'point-2', state: 'taking', firstRunId: RUN });
      openRun(site, 'snapshotting');
    },
  },
  'no-recovery-points-kept': {
    plant: (site) => (site.facts.recoveryPoints = 0),
    finds: ['qc'],
    well: (site) => (site.facts.recoveryPoints = 3),
  },
};

test('a site where all is well has no findings', () => {
  expect(found(healthySite())).toEqual([]);
});

describe.each(findingKinds)('%s', (kind) => {
  const subjectsOf = (site: OpenSite): string[] =>
    found(site)
      .filter((id) => id.startsWith(`${kind}/`))
      .map((id) => id.slice(kind.length + 1));

  test('is found where it is planted', () => {
    const site = healthySite();
    planted[kind].plant(site);
    expect(subjectsOf(site)).toEqual(planted[kind].finds);
  });

  test('is not found where it is well', () => {
    const site = healthySite();
    planted[kind].well(site);
    expect(subjectsOf(site)).toEqual([]);
  });

  test('is complete: no placeholder is left open, and the same look gives the same finding', () => {
    const site = healthySite();
    planted[kind].plant(site);
    const findings = examine(truthsOf(site));
    expect(examine(truthsOf(site))).toEqual(findings);
    for (const each of findings.filter((finding) => finding.kind === kind)) {
      expect(`${each.message} ${each.mend}`).not.toMatch(/\{\w+\}/);
      expect(each.severity).toBe(findingTable[kind].severity);
    }
  });
});

describe('one thing that is wrong is said once', () => {
  /** Kinds that another kind brings with it, as both are true and each says something of its own. */
  const together: Partial<Record<FindingKind, readonly FindingKind[]>> = {
    'recovery-point-missing': ['torn-vm'],
    'failed-operation': ['torn-vm'],
    'abandoned-leftovers': ['torn-vm'],
    'stuck-operation': ['job-stuck'],
    'duplicate-device-path': ['device-path-differs'],
  };
  test.each(findingKinds)('%s', (kind) => {
    const site = healthySite();
    planted[kind].plant(site);
    const kinds = new Set(examine(truthsOf(site)).map((each) => each.kind));
    expect([...kinds].sort()).toEqual([kind, ...(together[kind] ?? [])].sort());
  });
});

describe('what is not known is not judged', () => {
  test('without the database no volume is an orphan', () => {
    const site = healthySite();
    site.unknown.database = 'nobody answers';
    expect(found(site)).toEqual(['database-unreachable/database']);
  });

  test('a table that cannot be read makes no orphans', () => {
    const site = healthySite();
    site.rows.volumes = [];
    site.rows.vm_disks = [];
    site.survey.unreadableTables = [{ table: 'volumes', cause: 'denied' }];
    expect(found(site)).toEqual(['table-unreadable/volumes']);
  });

  test("another system's tables are one finding, not one for each of their columns", () => {
    const site = healthySite();
    site.survey.schema = { problem: 'foreign', details: ['device_mappings'] };
    site.survey.unreadableTables = [{ table: 'volumes', cause: 'is not there' }];
    site.survey.unreadableRows = [{ table: 'device_mappings', key: 'm-1', problem: 'id' }];
    expect(found(site)).toEqual(['schema-foreign/database']);
  });

  test('without CloudStack no mapping is called unattached', () => {
    const site = healthySite();
    site.unknown.cloudStack = 'nobody answers';
    expect(found(site)).toEqual(['cloudstack-unreachable/qc']);
  });

  test.each(['', 'replicate-vm/dr/vcenter-dr/420570c7-f61f-a930-77c5-1e876786cb3c'])(
    "an export or a mapping of another site is none of this one's, be it by its volume or by its owner (%p)",
    (ownerWorkflowId) => {
      const site = healthySite();
      if (ownerWorkflowId === '') site.rows.volumes.push({ ...volumeRow(ORPHAN, 2000, 1), site: 'dr' });
      const [mapping] = site.rows.device_mappings;
      const theirs = { volumeUuid: ORPHAN, vmId: OTHER_VM, devicePath: devicePath(OTHER_VM, ORPHAN), ownerWorkflowId };
      site.rows.device_mappings.push({ ...mapping!, id: 9, ...theirs });
      site.rows.nbd_exports.push({
        ...{ volumeId: ORPHAN, exportName: exportName(ORPHAN), applianceId: OTHER_VM, ownerWorkflowId },
        ...{ deviceNode: '/dev/x', state: 'open', createdAt: ago(60) },
      });
      expect(found(site)).toEqual([]);
    },
  );

  test("another site's rows are none of this one's", () => {
    const site = healthySite();
    const theirs = { ...volumeRow(ORPHAN, 2000, 1), site: 'dr' };
    site.rows.volumes.push(theirs);
    const [mapping] = site.rows.device_mappings;
    site.rows.device_mappings.push({
      ...mapping!,
      id: 9,
      volumeUuid: ORPHAN,
      vmId: OTHER_VM,
      devicePath: devicePath(OTHER_VM, ORPHAN),
      ownerWorkflowId: '',
    });
    site.rows.volume_operations.push(operationRow({ ...VM, site: 'dr', volumeId: ORPHAN }));
    expect(found(site)).toEqual([]);
  });
});
