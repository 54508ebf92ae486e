import { ApiError, serverFailure, unauthorized } from './api-error';
import { wireAnswer, wireError } from './answers/envelope';
import type { WireAnswer } from './answers/envelope';
import { answerOfProxy, spoiled, withDatesMoved, withVolumeState } from './answers/spoiled';
import { authenticate } from './auth';
import type { Command, Site } from './call';
import { callJobs } from './call-jobs';
import { adminOnlyCommands, commandTable } from './command-table';
import type { CallSubject, Faults } from './faults';
import type { Jobs } from './jobs';
import { ServerStopped } from './lifetime';
import type { MetFaults } from './met-faults';
import { isKnown } from './known-ids';
import { Arguments, withoutAdminParameters } from './parameters';
import { atLeast, withoutUnknownParameters } from './releases';
import { RequestLimit, requestLimitReached } from './request-limit';
import type { RequestLog } from './request-log';
import type { AccountRow, JsonObject } from './rows';

/** What becomes of a request: an answer, or a connection that is cut. */
type Outcome = { readonly kind: 'answer'; readonly answer: WireAnswer } | { readonly kind: 'cut' };

/** One request on its way: who sent it, and which faults it met so far. */
interface Request {
  readonly method: string;
  readonly raw: ReadonlyMap<string, string>;
  caller?: AccountRow;
  faults?: MetFaults;
}

/** The connection is cut on purpose. */
class Cut extends Error {}

/** Commands that may come by GET even when POST is enforced (ApiServer: reads by their name). */
const READS = /^(get|list|query|find)\w+$/;
/** What normal users are told instead of an internal failure, in synchronous answers. */
const HIDDEN_FAILURE = 'Internal error executing command, please contact your system administrator';

/** Takes one request from its parameters to its answer: who asks, may they, are the parameters right, which faults meet it. */
export class Dispatcher {
  private readonly requestLimit = new RequestLimit();

  constructor(
    private readonly site: Site & { readonly jobs: Jobs },
    private readonly faults: Faults,
    private readonly log: RequestLog,
  ) {}

  async handle(method: string, raw: ReadonlyMap<string, string>): Promise<Outcome> {
    const name = raw.get('command');
    const json = raw.get('response')?.toLowerCase() === 'json';
    const { version, clockOffsetMs } = this.site.world.modes;
    const known = name !== undefined && (this.command(name) !== undefined || adminOnlyCommands.has(name));
    const key = name === undefined ? 'null' : known ? `${name.toLowerCase()}response` : 'errorresponse';
    const request: Request = { method, raw };
    let answer: WireAnswer;
    try {
      request.caller = this.authenticate(raw);
      if (name === undefined || !known) throw unauthorized();
      const answered = await this.answer(request, name, request.caller);
      if ('status' in answered) return { kind: 'answer', answer: answered };
      answer = wireAnswer(key, withDatesMoved(answered.content, clockOffsetMs), json, version);
    } catch (error) {
      if (error instanceof ServerStopped || error instanceof Cut) return { kind: 'cut' };
      const failure = error instanceof ApiError ? error : serverFailure(String(error));
      const hidden = request.caller?.role === 'user' && [530, 533, 534].includes(failure.code);
      const shown = hidden ? new ApiError(failure.code, HIDDEN_FAILURE, failure.exceptionCode) : failure;
      answer = wireError(failure.code === 432 ? 'errorresponse' : key, shown, json, version);
    }
    if (request.faults === undefined) return { kind: 'answer', answer };
    if (request.faults.get('drop-answer') !== undefined) return { kind: 'cut' };
    return { kind: 'answer', answer: spoiled(answer, request.faults) };
  }

  private authenticate(raw: ReadonlyMap<string, string>): AccountRow {
    return authenticate(raw, (apiKey) => this.site.world.accountOfKey(apiKey), {
      enforceTimestamps: this.enforcing,
      now: Date.now() + this.site.world.modes.clockOffsetMs,
    });
  }

  private get enforcing(): boolean {
    const { enforcePostAndTimestamps, version } = this.site.world.modes;
    return enforcePostAndTimestamps && atLeast(version, '4.21');
  }

  /** A command that this release knows. */
  private command(name: string): Command | undefined {
    const command = commandTable.get(name);
    const known = command?.since === undefined || atLeast(this.site.world.modes.version, command.since);
    return known ? command : undefined;
  }

  /** @throws ApiError 429, 432, 400 or 503: whether the caller may, now and in this way */
  private permitted(method: string, name: string, caller: AccountRow): Command {
    const { throttling, maintenance } = this.site.world.modes;
    this.requestLimit.check(caller, throttling);
    if (caller.role !== 'admin' && adminOnlyCommands.has(name)) {
      throw new ApiError(
        432,
        `The API [${name}] does not exist or is not available for the account for user id [${caller.userId}].`,
      );
    }
    const command = this.command(name);
    if (command === undefined) throw new ApiError(432, `Unknown API command: ${name} (the simulator does not act it)`);
    if (this.enforcing && method !== 'POST' && !READS.test(name)) {
      throw new ApiError(400, `State changing command ${name} needs to be sent using POST request`, 9999, false);
    }
    // ApiServer.queueCommand asks before an asynchronous command creates anything.
    if (maintenance && 'customjobid' in command.parameters) {
      throw new ApiError(
        503,
        'Maintenance or Shutdown has been initiated on this management server. Can not accept new jobs',
      );
    }
    return command;
  }

  private async answer(
    request: Request,
    name: string,
    caller: AccountRow,
  ): Promise<{ readonly content: JsonObject } | WireAnswer> {
    const { method, raw: sent } = request;
    const command = this.permitted(method, name, caller);
    const raw = withoutUnknownParameters(sent, command.parameters, this.site.world.modes.version);
    this.log.add(method, name, caller.name, sent);
    const faults = this.faults.meet(this.subject(name, caller, raw));
    await this.delay(faults.delayMs('request'));
    if (faults.get('drop-request') !== undefined) throw new Cut();
    const elsewhere = answerOfProxy(faults);
    if (elsewhere !== undefined) return elsewhere;
    const refusal = faults.get('refuse');
    if (refusal !== undefined) throw new ApiError(refusal.code, refusal.text, refusal.exceptionCode);
    const limit = faults.get('too-many-requests');
    if (limit !== undefined) throw requestLimitReached(limit.retryMs);
    request.faults = faults;
    const again = faults.get('deliver-twice');
    if (again !== undefined) {
      await this.run(command, caller, raw, faults).catch(unlessStopped);
      await this.delay(again.ms);
      this.log.add(method, name, caller.name, sent);
    }
    const content = await this.run(command, caller, raw, faults);
    await this.delay(faults.delayMs('answer'));
    return { content: withVolumeState(content, faults.get('show-state')?.state) };
  }

  private async run(
    command: Command,
    caller: AccountRow,
    raw: ReadonlyMap<string, string>,
    faults: MetFaults,
  ): Promise<JsonObject> {
    const { world, jobs, lifetime } = this.site;
    const taken = caller.role === 'admin' ? raw : withoutAdminParameters(raw, command.parameters);
    const given = Arguments.read(command.name, taken, command.parameters, (kind, id) => isKnown(world, kind, id));
    return await command.run({
      ...this.site,
      jobs: callJobs(jobs, faults, lifetime),
      caller,
      arguments: given,
      faults,
    });
  }

  private async delay(ms: number): Promise<void> {
    if (ms > 0) await this.site.lifetime.wait(ms);
  }

  private subject(command: string, caller: AccountRow, raw: ReadonlyMap<string, string>): CallSubject {
    const { world } = this.site;
    const id = command.endsWith('Tags') ? raw.get('resourceids') : (raw.get('id') ?? raw.get('volumeid'));
    // A snapshot is about its volume.
    const snapshot = world.snapshots.get(id ?? raw.get('snapshotid') ?? '');
    const volume = world.volumes.get(snapshot?.volumeId ?? id ?? '');
    return {
      command,
      account: caller.name,
      volumeId: volume?.id,
      volumeName: volume?.name ?? raw.get('name'),
      virtualMachineId: raw.get('virtualmachineid') ?? volume?.vmId ?? undefined,
    };
  }
}

/** The first of two deliveries may be refused; nobody is told. */
function unlessStopped(error: unknown): void {
  if (!(error instanceof ApiError)) throw error;
}
