import type { CloudStackApi } from '../cloudstack/api';
import type { Clock } from '../cloudstack/clock';
import type { Survey } from '../database/survey';
import type { VolumeOperations } from '../database/volume-operations';
import { examine } from '../doctor/examine';
import { planRepair } from '../doctor/plan-repair';
import { type RunEnd, runKey, type Truths } from '../doctor/truths';
import { viewOf } from '../doctor/view';
import { sourceVmPath } from '../domain/names';
import {
  type PlanRepairInput,
  type PlanRepairOutput,
  planRepairInputSchema,
  type RepairPlan,
} from '../domain/repair-io';
import { readHoldings } from '../site/read-holdings';
import type { SiteSettings } from '../site/site-settings';
import { activity } from './activity';
import type { ActivityRun, CurrentRun } from './activity-run';
import type { DoctorSiteActivities } from './queues';

/** What planRepair needs. */
export interface PlanRepairWork {
  readonly api: CloudStackApi;
  readonly settings: SiteSettings;
  readonly operations: Pick<VolumeOperations, 'ofVolume'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly run: CurrentRun;
  readonly survey: () => Promise<Survey>;
  readonly isRunClosed: (workflowId: string, runId: string) => Promise<boolean>;
}

/**
 * planRepair: examines a finding again, as doctor does, and says what is to be done about it now; asked just before each act of a
 * repair, so that nothing is done on what was seen earlier. Only looks.
 *
 * The run that asks holds the claim of the VM, so no other run can change it meanwhile: a run that the tables name is open only if
 * Temporal says so of that very run.
 */
export function makePlanRepair(work: PlanRepairWork): DoctorSiteActivities['planRepair'] {
  return activity(
    'planRepair',
    work.run,
    planRepairInputSchema,
    (input) => input,
    async (input, run): Promise<PlanRepairOutput> => {
      const truths = await readAgain(work, input, run);
      const finding = examine(truths).find(({ id }) => id === input.findingId);
      if (finding === undefined) return {};
      const plan = planRepair(viewOf(truths), finding, input.named);
      if (plan.vm !== undefined && plan.vm !== sourceVmPath(input)) {
        return { plan: { ...plan, acts: [], refused: `It is of VM ${plan.vm}, not of ${sourceVmPath(input)}.` } };
      }
      return { plan: await withAttempts(work, plan) };
    },
  );
}

async function readAgain(work: PlanRepairWork, input: PlanRepairInput, run: ActivityRun): Promise<Truths> {
  const { settings } = work;
  const [survey, holdings] = await Promise.all([
    work.survey(),
    readHoldings(work.api, settings, { signal: run.signal }),
  ]);
  const at = new Date(work.clock.now()).toISOString();
  return {
    at,
    site: {
      name: settings.name,
      applianceIds: settings.applianceIds ?? [input.applianceId],
      recoveryPoints: settings.recoveryPoints,
      otherApplianceIds: [],
    },
    database: { known: withoutOwnClaim(survey, run) },
    cloudStack: { known: holdings },
    appliances: new Map(
      input.sights.map((sight) => [sight.applianceId, { known: { ...sight, answeredAt: sight.clock } }]),
    ),
    temporal: {
      known: { openRuns: [], ends: await endsOf(work, survey, input), queues: [], missingSearchAttributes: [] },
    },
  };
}

/** The claim that this repair holds is no sign of another run. */
function withoutOwnClaim(survey: Survey, run: ActivityRun): Survey {
  const claims = survey.rows.vm_claims.filter(({ runId }) => runId !== run.runId);
  return { ...survey, rows: { ...survey.rows, vm_claims: claims } };
}

async function endsOf(work: PlanRepairWork, { rows }: Survey, vm: PlanRepairInput): Promise<Map<string, RunEnd>> {
  const path = sourceVmPath(vm);
  const named = [
    ...[...rows.replication_jobs, ...rows.failovers]
      .filter((row) => row.endedAt === undefined && sourceVmPath(row) === path)
      .map(({ workflowId, firstRunId }) => ({ workflowId, runId: firstRunId })),
    ...rows.volume_operations
      .filter((row) => row.state === 'recorded' && sourceVmPath(row) === path)
      .map(({ workflowId, runId }) => ({ workflowId, runId })),
  ];
  const ends = new Map<string, RunEnd>();
  for (const { workflowId, runId } of named) {
    if (await work.isRunClosed(workflowId, runId)) ends.set(runKey(workflowId, runId), { words: 'has ended' });
  }
  return ends;
}

/** An undo of a create is of one attempt of its run: the one whose create made the volume. */
async function withAttempts(work: PlanRepairWork, plan: RepairPlan): Promise<RepairPlan> {
  const acts = await Promise.all(
    plan.acts.map(async (act) => {
      if (act.act !== 'deleteVolume' || act.volumeId === undefined) return act;
      const create = (await work.operations.ofVolume(act.volumeId)).find(({ kind }) => kind === 'create');
      return create === undefined ? act : { ...act, attempt: create.attempt, firstRunId: create.firstRunId };
    }),
  );
  return { ...plan, acts };
}
