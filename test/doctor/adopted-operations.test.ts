import { describe, expect, test } from '@jest/globals';
import { examine } from '../../doctor/examine';
import { planRepair } from '../../doctor/plan-repair';
import { viewOf } from '../../doctor/view';
import type { FindingKind } from '../../domain/findings';
import { OLDER_OWNER } from '../../domain/names';
import type { RepairPlan } from '../../domain/repair-io';
import {
  APPLIANCE,
  ago,
  DATA,
  found,
  healthySite,
  OPERATION,
  OTHER_VM,
  openRun,
  type OpenSite,
  operationRow,
  truthsOf,
  VM,
  VM_PATH,
} from './site';

const ERROR = `Error 1062: Duplicate entry 'remote-vm-${APPLIANCE}' for key 'unique_device_path'`;

/** pgtest1 as it was adopted: the second disk attached and not mapped, and the operation that failed for it. */
function adoptedSite(olderStatus: 'failed' | 'executing' = 'failed'): OpenSite {
  const site = healthySite();
  site.rows.volumes = site.rows.volumes.map((row) => ({
    ...row,
    createdByWorkflowId: OLDER_OWNER,
    verifiedHash: undefined,
    keptBecause: 'it was adopted from the older installation',
  }));
  site.rows.replication_jobs = [];
  site.rows.device_mappings = site.rows.device_mappings.filter(({ volumeUuid }) => volumeUuid !== DATA);
  site.rows.adopted_operations.push({
    ...VM,
    ...{ id: OPERATION, kind: 'attach', diskKey: 2001, volumeId: DATA, vmId: APPLIANCE },
    ...{ olderStatus, error: olderStatus === 'failed' ? ERROR : undefined, olderAt: ago(9_000) },
  });
  return site;
}
const kindOf = (site: OpenSite, kind: FindingKind) => examine(truthsOf(site)).find((each) => each.kind === kind);
function planOf(site: OpenSite, kind: FindingKind): RepairPlan {
  const truths = truthsOf(site);
  return planRepair(viewOf(truths), kindOf(site, kind)!, true);
}

describe('an operation of the older installation', () => {
  test('that failed is shown with its own words', () => {
    expect(kindOf(adoptedSite(), 'failed-operation')).toMatchObject({
      id: `failed-operation/${OPERATION}`,
      owner: VM_PATH,
      message: `Operation ${OPERATION} (attach of volume ${DATA}, disk 2001) of VM ${VM_PATH} failed at ${ago(9_000)}: ${ERROR}`,
      evidence: [
        'adopted_operations: attach, left failed by the older installation',
        `CloudStack: attached to ${APPLIANCE} (appliance-qc)`,
      ],
      repair: 'yes',
    });
  });

  test('that nobody ends any more is stuck, and a machine can mend it; one of ours whose run goes on it cannot', () => {
    const site = adoptedSite('executing');
    expect(kindOf(site, 'stuck-operation')).toMatchObject({
      message: expect.stringMatching(/is unfinished since .*; the older installation, whose it is, ends it no more$/),
      repair: 'yes',
    });
    const ours = healthySite();
    openRun(ours, 'provisioning');
    ours.rows.volume_operations.push(operationRow({ state: 'recorded' }));
    expect(kindOf(ours, 'stuck-operation')).toMatchObject({ repair: 'no' });
    expect(planOf(ours, 'stuck-operation')).toMatchObject({
      acts: [],
      refused: expect.stringContaining('diskferry status'),
    });
  });

  test.each<[string, (site: OpenSite) => void]>([
    [
      'whose volume is verified by now',
      (site) => {
        site.rows.volumes = site.rows.volumes.map((row) => ({ ...row, verifiedHash: 'sha256-1GiB:aa' }));
      },
    ],
    [
      'whose VM a run is at work on',
      (site) => {
        site.rows.replication_jobs = healthySite().rows.replication_jobs;
        openRun(site, 'copying');
      },
    ],
  ])('%s is no finding', (_what, change) => {
    const site = adoptedSite();
    change(site);
    expect(found(site)).not.toContain(`failed-operation/${OPERATION}`);
  });

  test.each(['failed', 'executing'] as const)(
    '%s: its volume is mapped where it is attached, then it is closed',
    (left) => {
      const kind = left === 'failed' ? 'failed-operation' : 'stuck-operation';
      const site = adoptedSite(left);
      expect(planOf(site, kind).acts).toEqual([
        expect.objectContaining({ act: 'mapAgain', volumeId: DATA, applianceId: APPLIANCE }),
        expect.objectContaining({ act: 'closeOlderOperation', volumeId: DATA, operationId: OPERATION }),
      ]);
      site.rows.device_mappings = healthySite().rows.device_mappings;
      expect(planOf(site, kind).acts.map(({ act }) => act)).toEqual(['closeOlderOperation']);
      // it was detached, or is gone: nothing is undone for the older installation
      site.rows.device_mappings = [];
      site.volumes = site.volumes.filter(({ id }) => id !== DATA);
      expect(planOf(site, kind).acts.map(({ act }) => act)).toEqual(['closeOlderOperation']);
    },
  );

  test('whose volume is on a VM that is no appliance is left alone, and named', () => {
    const site = adoptedSite();
    site.volumes = site.volumes.map((each) =>
      each.id === DATA ? { ...each, virtualmachineid: OTHER_VM, vmname: 'somebody' } : each,
    );
    const plan = planOf(site, 'failed-operation');
    expect(plan).toMatchObject({ acts: [], refused: expect.stringContaining(OTHER_VM) });
  });
});

test('an operation of ours that failed on an adopted volume is found: what keeps the volume is the adoption, not that run', () => {
  const site = adoptedSite();
  site.rows.adopted_operations = [];
  site.rows.volume_operations.push(operationRow());
  expect(found(site)).toContain(`failed-operation/${OPERATION}`);
});
