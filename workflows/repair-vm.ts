import { CancellationScope, setHandler, sleep, workflowInfo } from '@temporalio/workflow';
import type { ApplianceSight } from '../domain/doctor-io';
import type { RepairAct, RepairOutcome, RepairPlan, RepairResult } from '../domain/repair-io';
import type { VmRef } from '../domain/step-io';
import { doctorActivitiesOf, inspectorOf } from './doctor-activities';
import { closingFailure, failureOf } from './failure-of';
import { type RepairVmInput, repairVmInputSchema } from './inputs';
import { repairStateQuery } from './messages';
import { parsedInput } from './parsed-input';
import { activitiesOf } from './activities';
import { doRepairAct } from './repair-act';

/** A plan has at most six acts; one that grows on and on is not understood. */
const ACTS_AT_MOST = 12;
/** Tries of one act that fails, and the pause before the next. */
const TRIES = 3;
const PAUSE_MS = 2_000;

/**
 * Mends what doctor found of one VM, finding by finding, under the VM's claim: nothing else works on the VM meanwhile, and a second
 * repair finds it held. Each finding is examined anew, and its plan made anew, just before each act: what has changed since an operator
 * looked is seen, and what is done already is not done again. It survives the death of any worker, as every workflow does.
 *
 * Nothing is taken back: each act is complete in itself, and proven. What fails is reported, and the next finding goes on.
 */
export async function repairVm(input: RepairVmInput): Promise<RepairResult> {
  const { vm: given, findings } = parsedInput(repairVmInputSchema, input);
  const vm: VmRef = { ...given, firstRunId: workflowInfo().firstExecutionRunId };
  const outcomes: RepairOutcome[] = [];
  const shown: { now: string | undefined } = { now: undefined };
  setHandler(repairStateQuery, () => ({ outcomes, now: shown.now }));
  // A repair that stopped half-way would leave the claim taken; it is short, so it goes on to its end.
  return await CancellationScope.nonCancellable(async () => {
    const activities = activitiesOf(vm.site, vm.applianceId);
    try {
      await activities.claimVm({ ...vm, kind: 'repair' });
    } catch (error) {
      throw closingFailure(failureOf(error, 'claimVm'));
    }
    for (const finding of findings) {
      const place = { ...vm, applianceId: finding.applianceId ?? vm.applianceId };
      outcomes.push(await mend(place, finding.id, finding.named, (now) => (shown.now = now)));
    }
    await activities.endClaim(vm);
    return { outcomes };
  });
}

async function mend(
  vm: VmRef,
  findingId: string,
  named: boolean,
  show: (now: string | undefined) => void,
): Promise<RepairOutcome> {
  const done: string[] = [];
  const kept: string[] = [];
  const finished = new Set<RepairAct['act']>();
  let owed: readonly RepairAct[] = [];
  const end = (outcome: RepairOutcome['outcome'], reason?: string): RepairOutcome => {
    const words = [...kept, ...(reason === undefined ? [] : [reason])].join('; ');
    return { findingId, outcome, done, ...(words !== '' && { reason: words }) };
  };
  try {
    for (let count = 0; count < ACTS_AT_MOST; count += 1) {
      const plan = await planAgain(vm, findingId, named);
      if (plan?.refused !== undefined) return end(done.length === 0 ? 'refused' : 'failed', plan.refused);
      // Where the first acts have made the finding go away, the rest of its plan still proves and finishes it.
      if (plan !== undefined) owed = plan.acts;
      const next = owed.find(({ act }) => !finished.has(act));
      if (next === undefined) {
        if (plan !== undefined)
          return end('failed', kept.length > 0 ? undefined : 'all of it was done, and it is still found');
        return end(done.length === 0 ? 'gone-already' : 'mended');
      }
      show(next.says);
      const words = await tryAct(vm, next);
      done.push(words.done);
      if (words.kept !== undefined) kept.push(words.kept);
      finished.add(next.act);
    }
    return end('failed', `its plan did not end within ${String(ACTS_AT_MOST)} acts`);
  } catch (error) {
    return end('failed', failureOf(error, 'repairVm').message);
  } finally {
    show(undefined);
  }
}

async function planAgain(vm: VmRef, findingId: string, named: boolean): Promise<RepairPlan | undefined> {
  const sights: ApplianceSight[] = [];
  try {
    const { site, applianceId } = vm;
    sights.push(await inspectorOf(applianceId).inspectAppliance({ site, applianceId }));
  } catch {
    // An appliance that does not answer shows nothing: what would follow from its devices is not found, and not mended.
  }
  const { plan } = await doctorActivitiesOf(vm.site).planRepair({ ...vm, findingId, named, sights });
  return plan;
}

async function tryAct(vm: VmRef, act: RepairAct): Promise<{ readonly done: string; readonly kept?: string }> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await doRepairAct(vm, act);
    } catch (error) {
      if (failureOf(error, act.act).class !== 'failed' || attempt === TRIES) throw error;
      await sleep(PAUSE_MS * attempt);
    }
  }
}
