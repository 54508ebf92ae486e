import { randomUUID } from 'node:crypto';
import { ApiError, exceptionCodes, invalidParameter, serverFailure } from './api-error';
import type { Gate } from './gate';
import { ServerStopped } from './lifetime';
import type { Lifetime } from './lifetime';
import type { AccountRow, JobRow, JsonObject, VolumeRow } from './rows';
import { settleSnapshots } from './snapshot-leftovers';
import type { World } from './world';

interface JobRequest {
  readonly caller: AccountRow;
  readonly customJobId: string | undefined;
  readonly javaClass: string;
  readonly instanceType: JobRow['instanceType'];
  readonly instanceId: string | null;
  /** answers the job's result; an {@link ApiError} becomes the failed job's code and text */
  readonly work: () => Promise<JsonObject>;
  /** the job is cancelled so long after its begin, whatever becomes of its work; the gate opens then */
  readonly cancel?: { readonly afterMs: number; readonly status: 2 | 3; readonly gate: Gate };
  /** its row is gone as soon as it has ended */
  readonly forgotten?: true;
}

type JobOutcome = Pick<JobRow, 'status' | 'resultCode' | 'result'>;

/** What a job's result says when it was cancelled in a queue (AsyncJobManagerImpl; upstream #8797). */
const CANCELLED = 'Unable to serialize: Job is cancelled as it has been blocking others for too long';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A uuid that a caller chose, in the one form that CloudStack takes. @throws ApiError 431 */
export function checkUuidFormat(uuid: string): void {
  if (!UUID.test(uuid)) throw invalidParameter(`UUID: ${uuid} doesn't follow the UUID format`);
}

/** @throws ApiError 431 always: the id is taken by something that is still there */
export function idTaken(uuid: string): ApiError {
  return invalidParameter(`UUID: ${uuid} already exists so can't create/update with custom id`);
}

/** The id is taken by something that was removed: only the database's unique key notices. */
export function entityExists(): ApiError {
  return new ApiError(530, 'Entity already exists ', exceptionCodes.serverApi);
}

/** The asynchronous jobs of the management server, and its queue per VM. */
export class Jobs {
  private readonly queues = new Map<string, Promise<unknown>>();
  private readonly pendingOf = new Map<string, Set<string>>();
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly world: World,
    private readonly lifetime: Lifetime,
  ) {
    this.cleanUpLeftOvers();
  }

  /** Creates the job row and starts the work after the answer. @throws ApiError 431 or 530 for a bad or used `customjobid` */
  submit(request: JobRequest): JsonObject {
    const { customJobId } = request;
    this.forgetExpired();
    if (customJobId !== undefined && customJobId !== '') this.checkCustomId(customJobId);
    const job = this.world.jobs.put({
      id: customJobId === undefined || customJobId === '' ? randomUUID() : customJobId,
      number: this.world.nextNumber('job'),
      accountId: request.caller.id,
      javaClass: request.javaClass,
      instanceType: request.instanceType,
      instanceId: request.instanceId,
      status: 0,
      resultCode: 0,
      result: null,
      created: Date.now(),
      completed: null,
    });
    if (request.instanceId !== null) this.pendingSet(request.instanceId).add(job.id);
    const run = this.run(job, request).finally(() => this.running.delete(run));
    this.running.add(run);
    return { jobid: job.id };
  }

  /**
   * Waits for its turn in the VM's queue and holds it until the work is done (VmWorkJobQueue: one at a time per VM), or until
   * it is let go.
   */
  inQueueOf<Result>(vmId: string, item: () => Promise<Result>, letGo?: Promise<void>): Promise<Result> {
    const before = this.queues.get(vmId) ?? Promise.resolve();
    const turn = before.then(async () => {
      await this.lifetime.wait(this.world.timings.queueMs);
      return await item();
    });
    const done = turn.catch(() => undefined);
    const tail = (letGo === undefined ? done : Promise.race([done, letGo])).then(() => {
      if (this.queues.get(vmId) === tail) this.queues.delete(vmId);
    });
    this.queues.set(vmId, tail);
    return turn;
  }

  /**
   * The pending job of a volume or VM that its listing shows, also the one inside the result of a job that has not quite
   * ended; the oldest of several (fixture straggler-detach-behind-a-queue).
   */
  pendingJobOf(instanceId: string): string | undefined {
    return this.pendingOf.get(instanceId)?.values().next().value;
  }

  /** After the end of the server's lifetime: the jobs have let go when this returns, their rows say pending. */
  async stopped(): Promise<void> {
    await Promise.all(this.running);
    this.queues.clear();
    this.pendingOf.clear();
  }

  /** The server is back: jobs that were running have failed without a result, and nobody asked the hypervisor. */
  restart(): void {
    this.cleanUpLeftOvers();
  }

  private async run(row: JobRow, request: JobRequest): Promise<void> {
    const worked = this.outcomeOf(request.work);
    const cancelled = request.cancel === undefined ? [] : [this.cancelling(request.cancel)];
    const outcome = await Promise.race([worked, ...cancelled]);
    if (outcome !== undefined) this.end(row, request, outcome);
    // The thread of a cancelled job goes on.
    await Promise.all([worked, ...cancelled]);
  }

  /** How the work ended; undefined when the server ended before it. */
  private async outcomeOf(work: JobRequest['work']): Promise<JobOutcome | undefined> {
    try {
      // The answer goes out first: no job has ended when its id is told.
      await this.lifetime.wait(0);
      return { status: 1, resultCode: 0, result: await work() };
    } catch (error) {
      if (error instanceof ServerStopped) return undefined;
      const refused = error instanceof ApiError ? error : serverFailure(String(error));
      // In jobs only a bad parameter keeps its code (ApiAsyncJobDispatcher).
      const code = refused.code === 431 ? 431 : 530;
      return { status: 2, resultCode: code, result: { errorcode: code, errortext: refused.message } };
    }
  }

  private async cancelling({
    afterMs,
    status,
    gate,
  }: NonNullable<JobRequest['cancel']>): Promise<JobOutcome | undefined> {
    try {
      await this.lifetime.wait(afterMs);
    } catch (error) {
      if (error instanceof ServerStopped) return undefined;
      throw error;
    }
    gate.open();
    return { status, resultCode: 530, result: { errorcode: 530, errortext: CANCELLED } };
  }

  private end(row: JobRow, request: JobRequest, outcome: JobOutcome): void {
    if (row.instanceId !== null) this.noLongerPending(row.instanceId, row.id);
    if (request.forgotten === true) this.world.jobs.remove(row.id);
    else this.world.jobs.put({ ...row, ...outcome, completed: Date.now() });
  }

  private checkCustomId(id: string): void {
    checkUuidFormat(id);
    const known = this.world.rememberedJob(id);
    if (known?.status === 0) throw idTaken(id);
    if (known !== undefined) throw entityExists();
  }

  private noLongerPending(instanceId: string, jobId: string): void {
    const pending = this.pendingOf.get(instanceId);
    pending?.delete(jobId);
    if (pending?.size === 0) this.pendingOf.delete(instanceId);
  }

  /** Rows of jobs that ended too long ago go, oldest first, so that they are not carried along for ever. */
  private forgetExpired(): void {
    for (const job of this.world.jobs.values()) {
      if (job.completed === null || this.world.rememberedJob(job.id) !== undefined) return;
    }
  }

  private pendingSet(instanceId: string): Set<string> {
    const found = this.pendingOf.get(instanceId);
    if (found !== undefined) return found;
    const made = new Set<string>();
    this.pendingOf.set(instanceId, made);
    return made;
  }

  /** AsyncJobManagerImpl.cleanupLeftOverJobs: what was underway goes back to where it was; the hypervisor is not asked. */
  private cleanUpLeftOvers(): void {
    for (const job of [...this.world.jobs.values()]) {
      if (job.status === 0)
        this.world.jobs.put({ ...job, status: 2, resultCode: 530, result: null, completed: Date.now() });
    }
    for (const volume of [...this.world.volumes.values()]) {
      const state = settledState(volume);
      // A creation that was cut off chooses its pool anew (inferred, not seen).
      const placed = volume.placed && volume.state !== 'Creating';
      if (state !== undefined) this.world.volumes.put({ ...volume, state, placed });
    }
    settleSnapshots(this.world);
    for (const machine of [...this.world.machines.values()]) {
      if (machine.state === 'Starting') this.world.machines.put({ ...machine, state: 'Stopped' });
      if (machine.state === 'Stopping') this.world.machines.put({ ...machine, state: 'Running' });
    }
  }
}

function settledState(volume: VolumeRow): VolumeRow['state'] | undefined {
  switch (volume.state) {
    case 'Creating':
      return 'Allocated';
    case 'Attaching':
    case 'Resizing':
    case 'Snapshotting':
    case 'RevertSnapshotting':
      return 'Ready';
    case 'Expunging':
      return 'Destroy';
    default:
      return undefined;
  }
}
