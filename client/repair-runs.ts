import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@temporalio/client';
import { DiskferryFailure, failure } from '../domain/failures';
import { repairWorkflowId, type SourceVmKey, taskQueues } from '../domain/names';
import { type RepairOutcome, repairResultSchema } from '../domain/repair-io';
import type { RepairVmInput } from '../workflows/inputs';
import { repairStateQuery } from '../workflows/messages';
import type { PlannedRepair } from './repair-plans';
import { closingFailure } from './run-failure';

/** What a query may take: it needs a live worker. */
const QUERY_MS = 3_000;
const LOOK_EVERY_MS = 500;

/** The runs that would do what is planned: one per VM, with its findings in their order. */
export function repairInputs(planned: readonly PlannedRepair[]): readonly RepairVmInput[] {
  const inputs = new Map<string, RepairVmInput>();
  for (const { finding, named, plan } of planned) {
    const [site, sourceId, sourceVmId] = plan.vm?.split('/') ?? [];
    const { applianceId } = plan;
    if (plan.refused !== undefined || plan.vm === undefined || applianceId === undefined) continue;
    if (site === undefined || sourceId === undefined || sourceVmId === undefined) continue;
    const vm = { site, sourceId, sourceVmId, vmName: plan.vmName ?? sourceVmId, applianceId };
    const input = inputs.get(plan.vm) ?? { vm, findings: [] };
    inputs.set(plan.vm, { ...input, findings: [...input.findings, { id: finding.id, named, applianceId }] });
  }
  return [...inputs.values()];
}

/**
 * Starts the repair of one VM and waits for its end.
 *
 * @param show - told what it does now, whenever that is another thing
 * @throws DiskferryFailure `repair-running` when a repair of the VM is at work already, and what the run closed with
 */
export async function runRepair(
  temporal: Client,
  input: RepairVmInput,
  show: (now: string) => void,
): Promise<readonly RepairOutcome[]> {
  const { vm } = input;
  const workflowId = repairWorkflowId(vm);
  const path = pathOf(vm);
  try {
    const handle = await temporal.workflow.start('repairVm', {
      args: [input],
      taskQueue: taskQueues.main,
      workflowId,
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `Repair of ${path}`,
    });
    const watching = watch(temporal, workflowId, show);
    try {
      return repairResultSchema.parse(await handle.result()).outcomes;
    } catch (error) {
      if (error instanceof WorkflowFailedError) throw closingFailure(error, path, handle.firstExecutionRunId);
      throw error;
    } finally {
      watching.stop();
    }
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw failure('repair-running', { vm: path, workflowId }, { cause: error });
  }
}

function pathOf(vm: SourceVmKey): string {
  return `${vm.site}/${vm.sourceId}/${vm.sourceVmId}`;
}

function watch(temporal: Client, workflowId: string, show: (now: string) => void): { stop(): void } {
  let last: string | undefined;
  const look = async (): Promise<void> => {
    const state = await temporal
      .withDeadline(Date.now() + QUERY_MS, () => temporal.workflow.getHandle(workflowId).query(repairStateQuery))
      // No worker answers: the run waits, and the next look may find one.
      .catch(() => undefined);
    if (state?.now !== undefined && state.now !== last) show(state.now);
    last = state?.now ?? last;
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  return {
    stop: () => {
      clearInterval(timer);
    },
  };
}

/** What a repair that could not be run came to, for each of its findings. */
export function failedOutcomes(input: RepairVmInput, error: unknown): readonly RepairOutcome[] {
  if (!(error instanceof DiskferryFailure)) throw error;
  const { message } = error;
  return input.findings.map(({ id }) => ({ findingId: id, outcome: 'refused', done: [], reason: message }));
}
