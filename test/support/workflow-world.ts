import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Runtime, DefaultLogger, Worker } from '@temporalio/worker';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { taskQueues } from '../../domain/names';
import type { ReplicationState } from '../../domain/replication-state';
import { replicationRequestSchema } from '../../domain/request';
import { startTemporalServer } from '../../stack/temporal-server';
import { freePort } from '../../stack/free-port';
import type { ReplicateVmInput } from '../../workflows/inputs';
import { ScriptedActivities } from './scripted-activities';
import { readWorkflowBundle } from './workflow-bundle';

export const APPLIANCE = '1c266316-503d-451d-9392-9585a6fcba41';
export const SOURCE_VM = '420570c7-f61f-a930-77c5-1e876786cb3c';
const SITE = 'qc';

/** A real Temporal server and a real worker with the real workflows; only the activities are scripted. */
export interface WorkflowWorld {
  readonly client: Client;
  /** HOST:PORT of the server */
  readonly address: string;
  readonly activities: ScriptedActivities;
  start(input?: Partial<RequestOptions>): Promise<WorkflowHandle>;
  startWorkflow(type: string, argument: unknown): Promise<WorkflowHandle>;
  /** Has a run that somebody else started replayed at the end too. */
  track(workflowId: string, runId: string): void;
  state(handle: WorkflowHandle): Promise<ReplicationState>;
  /** Waits until the state of a run is as asked; fails with the last one seen. */
  until(handle: WorkflowHandle, met: (state: ReplicationState) => boolean): Promise<ReplicationState>;
  /** Begins anew: no calls, no script. */
  reset(): void;
  /** Replays every run that was started, then stops all. */
  close(): Promise<void>;
}

interface RequestOptions {
  readonly disks: readonly number[];
  readonly budgets: Record<string, unknown>;
  readonly request: Record<string, unknown>;
}

let runs = 0;

export async function startWorkflowWorld(): Promise<WorkflowWorld> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const folder = await mkdtemp(join(tmpdir(), 'diskferry-workflows-'));
  const server = await startTemporalServer({
    stateDirectory: folder,
    port: await freePort(),
    synchronous: 'NORMAL',
    logFile: join(folder, 'temporal.log'),
  });
  const workflowBundle = await readWorkflowBundle();
  const native = await NativeConnection.connect({ address: server.address });
  const activities = new ScriptedActivities();
  const queues = [
    taskQueues.main,
    taskQueues.site(SITE),
    taskQueues.appliance(APPLIANCE),
    taskQueues.applianceCopy(APPLIANCE),
  ];
  const workers = await Promise.all(
    queues.map((taskQueue) =>
      Worker.create({
        connection: native,
        taskQueue,
        activities: activities.functions(),
        maxHeartbeatThrottleInterval: '100ms',
        ...(taskQueue === taskQueues.main ? { workflowBundle } : {}),
      }),
    ),
  );
  const running = Promise.all(workers.map((worker) => worker.run()));
  const connection = await Connection.connect({ address: server.address });
  const client = new Client({ connection });
  const handles: WorkflowHandle[] = [];

  const startWorkflow = async (type: string, argument: unknown): Promise<WorkflowHandle> => {
    runs += 1;
    const handle = await client.workflow.start(type, {
      args: [argument],
      taskQueue: taskQueues.main,
      workflowId: `${type}/${String(runs)}`,
    });
    handles.push(handle);
    return handle;
  };

  const state = (handle: WorkflowHandle): Promise<ReplicationState> => handle.query<ReplicationState>('state');

  return {
    client,
    address: server.address,
    activities,
    startWorkflow,
    track(workflowId, runId) {
      handles.push(client.workflow.getHandle(workflowId, runId));
    },
    start: (options) => startWorkflow('replicateVm', replicateInput(options)),
    state,
    async until(handle, met) {
      let last: ReplicationState | undefined;
      for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
        last = await state(handle);
        if (met(last)) return last;
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
      throw new Error(`the run never became as expected; last seen: ${JSON.stringify(last, null, 1)}`);
    },
    reset() {
      activities.calls.length = 0;
      activities.script(() => undefined);
    },
    async close() {
      try {
        if (handles.length === 0) throw new Error('no run was started: nothing would be proven by replaying none');
        let replayed = 0;
        for await (const { workflowId, runId, error } of Worker.runReplayHistories(
          { workflowBundle },
          historiesOf(handles),
        )) {
          if (error !== undefined) throw new Error(`${workflowId} (${runId}) does not replay`, { cause: error });
          replayed += 1;
        }
        if (replayed !== handles.length) throw new Error(`${String(replayed)} of ${String(handles.length)} replayed`);
      } finally {
        for (const worker of workers) worker.shutdown();
        await running;
        await connection.close();
        await native.close();
        await server.stop();
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function* historiesOf(handles: readonly WorkflowHandle[]) {
  for (const handle of handles) yield { workflowId: handle.workflowId, history: await handle.fetchHistory() };
}

/** The input of a replication of `disks`, quick to give up. */
export function replicateInput({
  disks = [2000, 2001],
  budgets = {},
  request = {},
}: Partial<RequestOptions> = {}): ReplicateVmInput {
  return {
    request: {
      ...replicationRequestSchema.parse({
        schemaVersion: 1,
        site: SITE,
        source: { id: 'vcenter-qc', vm: SOURCE_VM, name: 'pgtest1' },
        appliance: APPLIANCE,
        disks: disks.map((key, index) => ({
          key,
          sizeBytes: 10_737_418_240,
          source: { kind: 'nbd', uri: `nbd://127.0.0.1:10809/pgtest1-${String(key)}` },
          ...(index === 0 ? { boot: true } : {}),
        })),
        budgets: { stepAttempts: 2, provisioningAttempts: 1, stepPause: '50ms', provisioningPause: '50ms', ...budgets },
        ...request,
      }),
      requestId: '7d9a6f0e-37a9-4e0c-9d0e-6f4c3a0b1c2d',
    },
    requestDigest: 'd',
    searchAttributes: true,
  };
}
