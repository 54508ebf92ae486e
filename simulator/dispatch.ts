import { ApiError, serverFailure, unauthorized } from './api-error';
import { wireAnswer, wireError } from './answers/envelope';
import type { WireAnswer } from './answers/envelope';
import { authenticate } from './auth';
import type { Command, Site } from './call';
import { adminOnlyCommands, commandTable } from './command-table';
import type { CallSubject, Faults } from './faults';
import { ServerStopped } from './lifetime';
import { Arguments } from './parameters';
import type { RequestLog } from './request-log';
import type { AccountRow } from './rows';

/** What becomes of a request: an answer, or a connection that is cut. */
type Outcome = { readonly kind: 'answer'; readonly answer: WireAnswer } | { readonly kind: 'cut' };

/** Commands that may come by GET even when POST is enforced (ApiServer: reads by their name). */
const READS = /^(get|list|query|find)\w+$/;
/** What normal users are told instead of an internal failure, in synchronous answers. */
const HIDDEN_FAILURE = 'Internal error executing command, please contact your system administrator';

/** Takes one request from its parameters to its answer: who asks, may they, are the parameters right, which faults meet it. */
export class Dispatcher {
  constructor(
    private readonly site: Site,
    private readonly faults: Faults,
    private readonly log: RequestLog,
  ) {}

  async handle(method: string, raw: ReadonlyMap<string, string>): Promise<Outcome> {
    const name = raw.get('command');
    const json = raw.get('response')?.toLowerCase() === 'json';
    const { version } = this.site.world.description;
    const known = name !== undefined && (commandTable.has(name) || adminOnlyCommands.has(name));
    const key = name === undefined ? 'null' : known ? `${name.toLowerCase()}response` : 'errorresponse';
    let caller: AccountRow | undefined;
    try {
      caller = this.authenticate(raw);
      if (name === undefined || !known) throw unauthorized();
      const command = this.permitted(name, caller);
      this.checkMethod(method, name);
      return await this.call(method, raw, command, caller, (content) => wireAnswer(key, content, json, version));
    } catch (error) {
      if (error instanceof ServerStopped) return { kind: 'cut' };
      const failure = error instanceof ApiError ? error : serverFailure(String(error));
      const hidden = caller?.role === 'user' && [530, 533, 534].includes(failure.code);
      const shown = hidden ? new ApiError(failure.code, HIDDEN_FAILURE, failure.exceptionCode) : failure;
      return { kind: 'answer', answer: wireError(failure.code === 432 ? 'errorresponse' : key, shown, json, version) };
    }
  }

  private authenticate(raw: ReadonlyMap<string, string>): AccountRow {
    return authenticate(raw, (apiKey) => this.site.world.accountOfKey(apiKey), {
      enforceTimestamps: this.site.world.description.enforcePostAndTimestamps,
      now: Date.now(),
    });
  }

  private permitted(name: string, caller: AccountRow): Command {
    if (caller.role !== 'admin' && adminOnlyCommands.has(name)) {
      throw new ApiError(
        432,
        `The API [${name}] does not exist or is not available for the account for user id [${caller.userId}].`,
      );
    }
    const command = commandTable.get(name);
    if (command === undefined) throw new ApiError(432, `Unknown API command: ${name} (the simulator does not act it)`);
    return command;
  }

  private checkMethod(method: string, name: string): void {
    if (!this.site.world.description.enforcePostAndTimestamps || method === 'POST' || READS.test(name)) return;
    throw new ApiError(400, `State changing command ${name} needs to be sent using POST request`, 9999, false);
  }

  private async call(
    method: string,
    raw: ReadonlyMap<string, string>,
    command: Command,
    caller: AccountRow,
    answer: (content: Awaited<ReturnType<Command['run']>>) => WireAnswer,
  ): Promise<Outcome> {
    this.log.add(method, command.name, caller.name, raw);
    const met = this.faults.meet(this.subject(command.name, caller, raw));
    await this.delay(met.delayMs('request'));
    if (met.get('drop-request') !== undefined) return { kind: 'cut' };
    const refusal = met.get('refuse');
    if (refusal !== undefined) throw new ApiError(refusal.code, refusal.text, refusal.exceptionCode);
    const given = Arguments.read(command.name, raw, command.parameters, (kind, id) => this.site.world.knows(kind, id));
    try {
      const content = await command.run({ ...this.site, caller, arguments: given, faults: met });
      await this.delay(met.delayMs('answer'));
      return met.get('drop-answer') === undefined ? { kind: 'answer', answer: answer(content) } : { kind: 'cut' };
    } catch (error) {
      if (met.get('drop-answer') !== undefined) return { kind: 'cut' };
      throw error;
    }
  }

  private async delay(ms: number): Promise<void> {
    if (ms > 0) await this.site.lifetime.wait(ms);
  }

  private subject(command: string, caller: AccountRow, raw: ReadonlyMap<string, string>): CallSubject {
    const volumeId = command.endsWith('Tags') ? raw.get('resourceids') : raw.get('id');
    const volume = volumeId === undefined ? undefined : this.site.world.volumes.get(volumeId);
    return {
      command,
      account: caller.name,
      volumeId: volume?.id,
      volumeName: volume?.name ?? raw.get('name'),
      virtualMachineId: raw.get('virtualmachineid') ?? volume?.vmId ?? undefined,
    };
  }
}
