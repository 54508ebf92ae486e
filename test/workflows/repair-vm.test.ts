import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { WorkflowFailedError } from '@temporalio/client';
import type { RepairAct, RepairPlan, RepairResult } from '../../domain/repair-io';
import { applicationFailure } from '../support/scripted-activities';
import type { WorkflowWorld } from '../support/workflow-world';
import { APPLIANCE, SOURCE_VM, startWorkflowWorld } from '../support/workflow-world';

let world: WorkflowWorld;
beforeAll(async () => {
  world = await startWorkflowWorld();
}, 120_000);
afterAll(() => world.close(), 120_000);
afterEach(() => {
  world.reset();
});

const VOLUME = '00000000-0000-4000-8000-00000000000a';
const FINDING = 'failed-operation/eb5032e1-8461-49ea-8756-3e4fa4000399';
const repair = (...ids: string[]) => ({
  vm: { site: 'qc', sourceId: 'vcenter-qc', sourceVmId: SOURCE_VM, vmName: 'pgtest1', applianceId: APPLIANCE },
  findings: ids.map((id) => ({ id, named: true, applianceId: APPLIANCE })),
});
const act = (name: RepairAct['act']): RepairAct => ({
  act: name,
  says: `${name} it`,
  applianceId: APPLIANCE,
  diskKey: 2001,
  volumeId: VOLUME,
  volumeBytes: 1_073_741_824,
  firstRunId: 'older-run',
  attempt: 2,
});
const plan = (findingId: string, ...acts: RepairAct['act'][]): { plan: RepairPlan } => ({
  plan: { findingId, title: 't', acts: acts.map(act) },
});
const workOf = (): string[] =>
  world.activities.calls.map(({ name }) => name).filter((name) => name !== 'inspectAppliance' && name !== 'planRepair');
const resultOf = async (input: object): Promise<RepairResult> =>
  (await (await world.startWorkflow('repairVm', input)).result()) as RepairResult;

describe('a repair', () => {
  test('plans anew before each act, and ends when nothing is left of its plan', async () => {
    const plans = [
      plan(FINDING, 'detachVolume', 'confirmDeviceGone', 'deleteVolume'),
      // gone after the first act: what is left of the plan proves and finishes it
      {},
    ];
    world.activities.script((call) =>
      call.name === 'planRepair' ? Promise.resolve(plans[Math.min(call.nth - 1, 1)]) : undefined,
    );
    const { outcomes } = await resultOf(repair(FINDING));
    expect(outcomes).toEqual([
      { findingId: FINDING, outcome: 'mended', done: ['detachVolume it', 'confirmDeviceGone it', 'deleteVolume it'] },
    ]);
    expect(workOf()).toEqual(['claimVm', 'detachVolume', 'confirmDeviceGone', 'deleteVolume', 'endClaim']);
    expect(world.activities.count('planRepair')).toBe(4);
    expect(world.activities.calls.find(({ name }) => name === 'claimVm')?.input['kind']).toBe('repair');
    expect(world.activities.calls.find(({ name }) => name === 'detachVolume')?.input).toMatchObject({
      mode: 'release',
    });
    // as the undo of the run that made it
    expect(world.activities.calls.find(({ name }) => name === 'deleteVolume')?.input).toMatchObject({
      firstRunId: 'older-run',
      attempt: 2,
    });
  });

  test('recovery points that count no more are removed, no others; what CloudStack keeps is said', async () => {
    const left = 'recovery-point-left/p';
    world.activities.script((call) => {
      if (call.name === 'planRepair') {
        return Promise.resolve(world.activities.count('prunePoints') < 2 ? plan(left, 'prunePoints') : {});
      }
      if (call.name !== 'prunePoints') return undefined;
      return Promise.resolve(
        call.nth === 1 ? { removed: [], left: ['snapshot s: busy'] } : { removed: ['p'], left: [] },
      );
    });
    const again = async () => (await resultOf(repair(left))).outcomes;
    expect(await again()).toEqual([
      { findingId: left, outcome: 'failed', done: ['no recovery point was removed'], reason: 'snapshot s: busy' },
    ]);
    expect(await again()).toEqual([{ findingId: left, outcome: 'mended', done: ['removed recovery points p'] }]);
    const asked = world.activities.calls
      .filter(({ name }) => name === 'prunePoints')
      .map(({ input }) => input['which']);
    expect(asked).toEqual(['left', 'left']);
  });

  test('an operation of the older installation: its volume is mapped, then it is closed; nothing is undone for it', async () => {
    world.activities.script((call) => {
      if (call.name !== 'planRepair') return undefined;
      if (world.activities.count('closeOlderOperation') > 0) return Promise.resolve({});
      const mapped = world.activities.count('mapDevice') > 0;
      const acts: RepairAct[] = [
        ...(mapped ? [] : [{ ...act('mapAgain'), cloudStackDeviceId: 2 }]),
        { ...act('closeOlderOperation'), operationId: 'eb5032e1-8461-49ea-8756-3e4fa4000399' },
      ];
      return Promise.resolve({ plan: { findingId: FINDING, title: 't', acts } });
    });
    const { outcomes } = await resultOf(repair(FINDING));
    expect(outcomes).toEqual([
      { findingId: FINDING, outcome: 'mended', done: [expect.stringMatching(/^mapped as/), 'closed'] },
    ]);
    expect(workOf()).toEqual(['claimVm', 'resolveDevice', 'mapDevice', 'closeOlderOperation', 'endClaim']);
    expect(world.activities.calls.find(({ name }) => name === 'closeOlderOperation')?.input).toMatchObject({
      operationId: 'eb5032e1-8461-49ea-8756-3e4fa4000399',
      volumeId: VOLUME,
    });
  });

  test('a finding that came right meanwhile: nothing is done', async () => {
    const { outcomes } = await resultOf(repair(FINDING));
    expect(outcomes).toEqual([{ findingId: FINDING, outcome: 'gone-already', done: [] }]);
    expect(workOf()).toEqual(['claimVm', 'endClaim']);
  });

  test('a plan that is refused by now is reported, and the next finding goes on', async () => {
    world.activities.script((call) => {
      if (call.name !== 'planRepair') return undefined;
      if (call.input['findingId'] === FINDING) {
        return Promise.resolve({ plan: { findingId: FINDING, title: 't', acts: [], refused: 'a run is at work' } });
      }
      return Promise.resolve(world.activities.count('closeExport') === 0 ? plan('orphan-link/x', 'closeExport') : {});
    });
    const { outcomes } = await resultOf(repair(FINDING, 'orphan-link/x'));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['refused', 'mended']);
    expect(outcomes[0]?.reason).toBe('a run is at work');
  });

  test('an act that fails is tried again, then reported; the claim is given free', async () => {
    world.activities.script((call) => {
      if (call.name === 'planRepair') return Promise.resolve(plan(FINDING, 'detachVolume'));
      if (call.name !== 'detachVolume') return undefined;
      const fields = { diskKey: 2001, volumeId: VOLUME, vmId: APPLIANCE, cause: 'busy', vm: 'qc/x/y' };
      return Promise.reject(applicationFailure('detach-failed', fields));
    });
    const { outcomes } = await resultOf(repair(FINDING));
    expect(outcomes).toEqual([
      { findingId: FINDING, outcome: 'failed', done: [], reason: expect.stringContaining('busy') },
    ]);
    expect(world.activities.count('detachVolume')).toBe(3);
    expect(world.activities.count('endClaim')).toBe(1);
  });

  test('what is kept is named, and a finding that stays is no success', async () => {
    world.activities.script((call) => {
      if (call.name === 'planRepair') return Promise.resolve(plan(FINDING, 'deleteVolume'));
      if (call.name !== 'deleteVolume') return undefined;
      return Promise.resolve({ undo: 'deleteVolume', outcome: 'kept', reason: 'a copy has begun on it' });
    });
    const { outcomes } = await resultOf(repair(FINDING));
    expect(outcomes).toEqual([
      { findingId: FINDING, outcome: 'failed', done: ['deleteVolume it: kept'], reason: 'a copy has begun on it' },
    ]);
  });

  test('of a VM that somebody holds closes as refused, and touches nothing', async () => {
    world.activities.script((call) => {
      if (call.name !== 'claimVm') return undefined;
      const fields = { vm: 'qc/x/y', holder: 'replicate-vm/qc/x/y', runId: 'r', kind: 'replication' };
      return Promise.reject(applicationFailure('vm-claimed', fields));
    });
    const failed = resultOf(repair(FINDING));
    await expect(failed).rejects.toThrow(WorkflowFailedError);
    await expect(failed).rejects.toMatchObject({ cause: { type: 'vm-claimed' } });
    expect(workOf()).toEqual(['claimVm']);
  });
});

test('an inspection reports an appliance that does not answer in time, and waits for none', async () => {
  const { sight, cause } = { sight: expect.objectContaining({ applianceId: APPLIANCE }), cause: expect.any(String) };
  const input = { site: 'qc', applianceIds: [APPLIANCE] };
  expect(await (await world.startWorkflow('inspectAppliances', input)).result()).toEqual([
    { applianceId: APPLIANCE, sight },
  ]);
  world.activities.script(() => Promise.reject(new Error('no such device')));
  expect(await (await world.startWorkflow('inspectAppliances', input)).result()).toEqual([
    { applianceId: APPLIANCE, cause },
  ]);
});
