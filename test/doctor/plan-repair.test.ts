import { describe, expect, test } from '@jest/globals';
import { examine } from '../../doctor/examine';
import { planRepair, repairOrder } from '../../doctor/plan-repair';
import { runKey } from '../../doctor/truths';
import { viewOf } from '../../doctor/view';
import { findingTable, type FindingRow } from '../../domain/finding-table';
import { type FindingKind, findingKinds } from '../../domain/findings';
import { exportName, volumeSerial, volumeTagKeys } from '../../domain/names';
import type { RepairPlan } from '../../domain/repair-io';
import {
  APPLIANCE,
  DATA,
  healthySite,
  OPERATION,
  OTHER_VM,
  type OpenSite,
  operationRow,
  RUN,
  truthsOf,
  volume,
  VM_PATH,
  WORKFLOW,
} from './site';

function planOf(site: OpenSite, kind: FindingKind, named: boolean): RepairPlan {
  const truths = truthsOf(site);
  const found = examine(truths).find((finding) => finding.kind === kind);
  expect(found).toBeDefined();
  return planRepair(viewOf(truths), found!, named);
}
const actsOf = (plan: RepairPlan): string[] => plan.acts.map(({ act }) => act);

/** A run that died when the data disk's volume was attached, before anything was copied. */
function brokenProvisioning(): OpenSite {
  const site = healthySite();
  site.rows.volumes = site.rows.volumes.map((row) =>
    row.volumeId === DATA ? { ...row, copyBegun: false, verifiedHash: undefined } : row,
  );
  site.rows.device_mappings = site.rows.device_mappings.filter((row) => row.volumeUuid !== DATA);
  site.rows.volume_operations.push(operationRow());
  site.rows.replication_jobs = site.rows.replication_jobs.map((row) => ({
    ...row,
    phase: 'provisioning',
    endedAt: undefined,
  }));
  site.temporal.ends = new Map([[runKey(WORKFLOW, RUN), { words: 'was terminated' }]]);
  return site;
}

test('every kind that the table says can be repaired has its place in the order, and no other', () => {
  const table: Readonly<Record<string, FindingRow>> = findingTable;
  expect([...repairOrder].sort()).toEqual(findingKinds.filter((kind) => table[kind]?.repair !== undefined).sort());
});

describe('what is done', () => {
  test('a failed operation: the empty volume of the dead run leaves the appliance and is deleted as its undo', () => {
    const plan = planOf(brokenProvisioning(), 'failed-operation', false);
    expect(plan).toMatchObject({ vm: VM_PATH, vmName: 'pgtest1', applianceId: APPLIANCE });
    expect(actsOf(plan)).toEqual(['detachVolume', 'confirmDeviceGone', 'deleteVolume']);
    expect(plan.acts.at(-1)).toMatchObject({ diskKey: 2001, volumeId: DATA, firstRunId: RUN, attempt: 1 });
  });

  test('named, an empty volume goes even where the row of its create is lost', () => {
    expect(actsOf(planOf(brokenProvisioning(), 'failed-operation', true)).at(-1)).toBe('deleteNamed');
  });

  test('a dead run: its record is ended', () => {
    const plan = planOf(brokenProvisioning(), 'job-without-workflow', false);
    expect(plan.acts).toEqual([expect.objectContaining({ act: 'endRecord', firstRunId: RUN })]);
  });

  test('an empty volume attached without mapping is detached and kept', () => {
    const plan = planOf(brokenProvisioning(), 'attachment-without-mapping', false);
    expect(actsOf(plan)).toEqual(['detachVolume', 'confirmDeviceGone']);
  });

  test("a replica that lost its mapping is mapped again: it is the disk's own volume, and stays where it is", () => {
    const site = healthySite();
    site.rows.device_mappings = site.rows.device_mappings.filter((row) => row.volumeUuid !== DATA);
    const plan = planOf(site, 'attachment-without-mapping', false);
    expect(plan.acts).toEqual([expect.objectContaining({ act: 'mapAgain', volumeId: DATA, cloudStackDeviceId: 2 })]);
  });

  test('a mapping without attachment: the appliance must not see the volume before the row goes', () => {
    const site = healthySite();
    site.volumes = site.volumes.map((each) =>
      each.id === DATA ? { ...each, virtualmachineid: undefined, deviceid: undefined } : each,
    );
    site.appliance.disks = site.appliance.disks.filter(({ serial }) => serial !== volumeSerial(DATA));
    expect(actsOf(planOf(site, 'mapping-without-attachment', false))).toEqual(['confirmDeviceGone', 'unmapDevice']);
  });

  test('a link that nobody recorded is closed', () => {
    const site = healthySite();
    site.appliance.exports = [DATA];
    const plan = planOf(site, 'orphan-link', false);
    expect(plan.acts).toEqual([
      expect.objectContaining({ act: 'closeExport', volumeId: DATA, says: expect.stringContaining(exportName(DATA)) }),
    ]);
  });

  test('a recovery point that was to go is removed; those that count are not spoken of', () => {
    const site = healthySite();
    const [point] = site.rows.recovery_points;
    site.rows.recovery_points.push({ ...point!, id: 'point-0', state: 'removing' });
    const plan = planOf(site, 'recovery-point-left', false);
    expect(plan).toMatchObject({ vm: VM_PATH, vmName: 'pgtest1', applianceId: APPLIANCE });
    expect(plan.acts).toEqual([{ act: 'prunePoints', says: expect.stringContaining('that count no more') }]);
  });

  test('an unfinished operation of a dead run is settled by its job and the listing', () => {
    const site = healthySite();
    site.rows.volume_operations.push(operationRow({ state: 'recorded' }));
    site.temporal.ends = new Map([[runKey(WORKFLOW, RUN), { words: 'failed' }]]);
    const plan = planOf(site, 'operation-without-workflow', false);
    expect(plan.acts).toEqual([expect.objectContaining({ act: 'settleOperation', operationId: OPERATION })]);
  });

  test('a create that was cut off before its volume was known is undone as its run would have', () => {
    const site = healthySite();
    site.rows.volume_operations.push(
      operationRow({ kind: 'create', state: 'recorded', volumeId: undefined, attempt: 2 }),
    );
    site.temporal.ends = new Map([[runKey(WORKFLOW, RUN), { words: 'failed' }]]);
    const plan = planOf(site, 'operation-without-workflow', false);
    expect(plan.acts).toEqual([expect.objectContaining({ act: 'deleteVolume', firstRunId: RUN, attempt: 2 })]);
  });
});

describe('what is refused', () => {
  const ORPHAN = '5f6a7b8c-1d2e-4f30-9a4b-8c7d6e5f4a3b';
  const orphan = (): OpenSite => {
    const site = healthySite();
    site.volumes.push(volume(ORPHAN, 2001, 10));
    return site;
  };

  test('an orphan volume unless it is named; then it is recorded as one that may hold data before it is deleted', () => {
    expect(planOf(orphan(), 'orphan-volume', false)).toMatchObject({
      acts: [],
      refused: expect.stringMatching(/named/),
    });
    expect(actsOf(planOf(orphan(), 'orphan-volume', true))).toEqual([
      'adoptVolume',
      'confirmDeviceGone',
      'deleteNamed',
    ]);
  });

  test('a volume on a VM that is none of the appliances, even when it is named', () => {
    const site = orphan();
    site.volumes = site.volumes.map((each) => (each.id === ORPHAN ? { ...each, virtualmachineid: OTHER_VM } : each));
    expect(planOf(site, 'orphan-volume', true)).toMatchObject({
      acts: [],
      refused: expect.stringMatching(/not touched/),
    });
  });

  test('a volume with data is not detached unless the finding is named', () => {
    const site = brokenProvisioning();
    site.volumes = site.volumes.map((each) =>
      each.id === DATA ? { ...each, tags: [...each.tags, { key: volumeTagKeys.data, value: 'begun' }] } : each,
    );
    expect(planOf(site, 'failed-operation', false)).toMatchObject({ acts: [], refused: expect.stringMatching(/data/) });
    expect(actsOf(planOf(site, 'failed-operation', true))).toEqual([
      'detachVolume',
      'confirmDeviceGone',
      'deleteVolume',
    ]);
  });

  test('a volume that only its tags call ours, and no row knows', () => {
    const site = healthySite();
    site.rows.device_mappings = site.rows.device_mappings.filter((row) => row.volumeUuid !== DATA);
    site.rows.volumes = site.rows.volumes.filter((row) => row.volumeId !== DATA);
    const plan = planOf(site, 'attachment-without-mapping', true);
    expect(plan).toMatchObject({ acts: [], refused: expect.stringMatching(/tags alone/) });
  });

  test('what no machine can mend, with what to do instead', () => {
    const site = healthySite();
    site.volumes = site.volumes.map((each) => (each.id === DATA ? { ...each, virtualmachineid: undefined } : each));
    site.rows.device_mappings = site.rows.device_mappings.filter((row) => row.volumeUuid !== DATA);
    const plan = planOf(site, 'ghost-disk', true);
    expect(plan.refused).toMatch(/Stop and start the appliance/);
  });
});
