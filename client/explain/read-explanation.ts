import type { WorkflowExecutionDescription } from '@temporalio/client';
import { sayIfAdopted } from '../adopted-vm';
import { knownOf, type Truth } from '../../doctor/truths';
import { failure } from '../../domain/failures';
import { sourceVmPath, type SourceVmKey } from '../../domain/names';
import type { TemporalAccess } from '../connect';
import type { OpenRecords } from '../open-records';
import { pendingActivities } from '../pending-activities';
import { findUnpolledQueues, part, valueOf, type Part } from '../status-parts';
import { explain, type Explanation } from './explanation';
import { historyFacts, type HistoryFact } from './history-facts';
import { describedRuns, latestRun, recordedRuns, type LatestRun } from './latest-run';
import { ofVm, ofVolume, type Operation } from './operation-sentences';

/** More operations than one run of a VM has disks, steps and attempts for. */
const OPERATIONS_READ = 5000;

/**
 * Explains the latest run of a VM, replication or failover, with what Temporal and the database still say of it.
 *
 * @throws DiskferryFailure `vm-unknown` when both answered and neither knows a run
 */
export async function readExplanation(
  temporal: Truth<TemporalAccess>,
  records: OpenRecords | undefined,
  vm: SourceVmKey,
): Promise<Explanation> {
  const access = knownOf(temporal);
  const [described, rows] = await Promise.all([
    fromTemporal(temporal, (known) => describedRuns(known, vm)),
    fromDatabase(records, ({ records: { jobs }, failovers: { failovers } }) => recordedRuns({ jobs, failovers }, vm)),
  ]);
  const run = latestRun(valueOf(described) ?? [], valueOf(rows) ?? []);
  if (run === undefined) throw await sayIfAdopted(records?.records, vm, notKnown(vm, described, rows));
  const [facts, operations, waits] = await Promise.all([
    fromTemporal(temporal, (known) => factsOf(known, run)),
    fromDatabase(records, (open) => operationsOf(open, vm, run.firstRunId)),
    access === undefined || run.description === undefined
      ? { pending: [], unpolledQueues: [] }
      : waitsOf(access, vm, run.description, run.row?.applianceId),
  ]);
  return explain({
    vm,
    workflowId: run.workflowId,
    ...(run.description === undefined
      ? { runId: run.firstRunId }
      : { runId: run.description.runId, execution: run.description.status.name }),
    ...(run.row !== undefined && { row: run.row }),
    facts,
    operations,
    ...waits,
    // The same silence is named once: by the part that was asked last.
    missing: [],
  });
}

async function factsOf({ client }: TemporalAccess, run: LatestRun): Promise<readonly HistoryFact[]> {
  if (run.description === undefined) throw new Error('it no longer has this run; its retention may have ended');
  const handle = client.workflow.getHandle(run.workflowId, run.description.runId);
  const { events } = await handle.fetchHistory();
  return await historyFacts(events ?? [], client.options.loadedDataConverter);
}

async function operationsOf(
  { operations }: OpenRecords,
  vm: SourceVmKey,
  firstRunId: string,
): Promise<readonly Operation[]> {
  const filter = { vm, firstRunId, limit: OPERATIONS_READ };
  const [ofVolumes, ofVms] = await Promise.all([operations.volume.list(filter), operations.vm.list(filter)]);
  return [...ofVolumes.map(ofVolume), ...ofVms.map(ofVm)].sort(
    (one, other) => Date.parse(one.createdAt) - Date.parse(other.createdAt),
  );
}

async function waitsOf(
  { client }: TemporalAccess,
  vm: SourceVmKey,
  description: WorkflowExecutionDescription,
  applianceId: string | undefined,
) {
  const pending = await pendingActivities(client, description);
  const unpolledQueues = await findUnpolledQueues(client, vm.site, {
    description,
    pending,
    answers: false,
    applianceId,
  });
  return { pending, unpolledQueues };
}

async function fromTemporal<T>(
  temporal: Truth<TemporalAccess>,
  ask: (known: TemporalAccess) => Promise<T>,
): Promise<Part<T>> {
  if ('unknown' in temporal) return { missing: temporal.unknown };
  return await part('Temporal has no history of it', () => ask(temporal.known));
}

async function fromDatabase<T>(
  records: OpenRecords | undefined,
  ask: (open: OpenRecords) => Promise<T>,
): Promise<Part<T>> {
  if (records === undefined) return { missing: 'the database was not asked: no configuration was given' };
  return await part('the database does not answer', () => ask(records));
}

function notKnown(vm: SourceVmKey, described: Part<unknown>, rows: Part<unknown>): Error {
  const silent = [described, rows].flatMap((each) => ('missing' in each ? [each.missing] : []));
  if (silent.length === 0) return failure('vm-unknown', { vm: sourceVmPath(vm) });
  return failure('nothing-known', { vm: sourceVmPath(vm), cause: silent.join('; ') });
}
