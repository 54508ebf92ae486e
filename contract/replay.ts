import { setTimeout as pause } from 'node:timers/promises';
import { Bindings } from './bindings';
import type { Caller, Reply } from './caller';
import type { Made } from './clean-up';
import { compareAnswer } from './compare';
import type { Difference } from './compare';
import { isLook, jobsInFlight, preparationsOf, settingOf } from './preparations';
import type { Preparer } from './preparer';
import { inOrderOfWinning } from './race';
import { contentOf, jobStatusOf, startedJobOf } from './recording';
import type { Scenario, Step } from './recording';

/** A server in the world of the recordings. */
export interface Stage {
  readonly admin: Caller;
  readonly user: Caller;
  readonly preparer: Preparer;
  readonly known: Readonly<Record<string, string>>;
}

/** What became of one step. */
export interface StepResult {
  readonly step: number;
  readonly note: string;
  readonly command: string;
  readonly differences: readonly Difference[];
  /** why it was not compared */
  readonly leftOut?: string;
}

export interface ScenarioResult {
  readonly scenario: string;
  /** why it was not replayed, or not to its end */
  readonly leftOut?: string;
  readonly steps: readonly StepResult[];
  /** what is left behind, unless the scenario removed it */
  readonly made: Made;
}

/** Replays one scenario, step by step. The world must be as the fixtures' README says. */
export async function replayScenario(stage: Stage, scenario: Scenario): Promise<ScenarioResult> {
  const replay = new Replay(stage, { ...scenario, steps: inOrderOfWinning(scenario.steps) });
  const leftOut = await replay.run().finally(() => stage.preparer.finish());
  const { steps, made } = replay;
  return { scenario: scenario.scenario, ...(leftOut !== undefined && { leftOut }), steps, made };
}

class Replay {
  readonly steps: StepResult[] = [];
  readonly made: { command: string; id: string }[] = [];
  private readonly bindings: Bindings;

  constructor(
    private readonly stage: Stage,
    private readonly scenario: Scenario,
  ) {
    this.bindings = new Bindings(stage.known);
  }

  /** @returns why it was left out */
  async run(): Promise<string | undefined> {
    const { preparer } = this.stage;
    const preparations = preparationsOf(this.scenario);
    const impossible = await preparer.arrange(settingOf(this.scenario), [...preparations.values()].flat());
    if (impossible !== undefined) return impossible;
    for (const [index, step] of this.scenario.steps.entries()) {
      for (const preparation of preparations.get(index) ?? []) {
        const missing = await preparer.prepare(preparation);
        if (missing !== undefined) return `from step ${String(index)} on: ${missing}`;
      }
      const outcome = await this.step(step, index).catch(noAnswer);
      const { note } = step;
      this.steps.push({ step: index, note, command: step.params['command'] ?? '', ...outcome });
    }
    return undefined;
  }

  private async step(step: Step, index: number): Promise<Pick<StepResult, 'differences' | 'leftOut'>> {
    if (step.status === 200 && !this.bindings.knows(askedFor(step))) {
      return { differences: [], leftOut: 'it is about something whose beginning was not recorded' };
    }
    const status = jobStatusOf(step.params['command'], step.body);
    if (status === 0) return await this.pendingStep(step, index);
    if (status !== undefined) return { differences: this.compare(step, await this.askUntilFinal(step)) };
    if (isLook(step)) return { differences: await this.look(step, index) };
    const reply = await this.send(step);
    const differences = this.compare(step, reply);
    const id = reply.status === 200 ? contentOf(reply.body)?.['id'] : undefined;
    if (typeof id === 'string') this.made.push({ command: step.params['command'] ?? '', id });
    await this.settleUnasked(step, index);
    return { differences };
  }

  /** Whether the job was still pending is chance; so an answer is compared only if it is. */
  private async pendingStep(step: Step, index: number): Promise<Pick<StepResult, 'differences' | 'leftOut'>> {
    const reply = await this.send(step);
    const isFinal = reply.status === 200 && jobStatusOf('queryAsyncJobResult', reply.body) !== 0;
    const differences = isFinal ? [] : this.compare(step, reply);
    const later = this.scenario.steps.slice(index + 1);
    if (!later.some((other) => other.params['jobid'] === step.params['jobid'])) await this.askUntilFinal(step);
    return isFinal ? { differences, leftOut: 'the job had ended already' } : { differences };
  }

  private async askUntilFinal(step: Step): Promise<Reply> {
    const { pace } = this.stage.preparer;
    const until = Date.now() + 30_000 + (pace < 1 ? 0 : 90_000 + 4 * (step.polledForMillis ?? 0));
    for (;;) {
      const reply = await this.send(step);
      if (jobStatusOf('queryAsyncJobResult', reply.body) !== 0 || Date.now() > until) return reply;
      await pause(pace < 1 ? 10 : 250);
    }
  }

  /** Looks again, for a while, where the recording met one moment of what was underway. */
  private async look(step: Step, index: number): Promise<Difference[]> {
    const underway = jobsInFlight(this.scenario.steps, index).length > 0;
    const until = Date.now() + (this.stage.preparer.pace < 1 ? 3_000 : 60_000);
    for (;;) {
      const trial = this.bindings.fork();
      const differences = compareAnswer(step, await this.send(step), trial);
      const settles = differences.length > 0 && differences.every(({ path }) => /(^|\.)\w*state$/.test(path));
      if (differences.length === 0 || !(underway || settles) || Date.now() > until) {
        this.bindings.adopt(trial);
        return differences;
      }
      await pause(25);
    }
  }

  /** A job that the recording never asks about has ended before its next step, unless other jobs show that nobody waited. */
  private async settleUnasked(step: Step, index: number): Promise<void> {
    const jobId = startedJobOf(step, step.body);
    const { steps } = this.scenario;
    if (jobId === undefined || !this.bindings.knows(jobId) || jobsInFlight(steps, index).length > 0) return;
    if (steps.some((other) => other.params['command'] === 'queryAsyncJobResult' && other.params['jobid'] === jobId))
      return;
    const { signatureversion, expires } = step.params;
    await this.askUntilFinal({
      ...step,
      note: step.note,
      method: 'GET',
      params: {
        ...{ command: 'queryAsyncJobResult', jobid: jobId },
        ...(signatureversion !== undefined && { signatureversion }),
        ...(expires !== undefined && { expires }),
      },
    });
  }

  private compare(step: Step, reply: Reply): Difference[] {
    return compareAnswer(step, reply, this.bindings);
  }

  private async send(step: Step): Promise<Reply> {
    const parameters: Record<string, string> = step.contentType.startsWith('text/xml') ? {} : { response: 'json' };
    for (const [name, value] of Object.entries(step.params)) {
      parameters[name] = value.startsWith('(now') ? expiry(value, step.note) : this.bindings.fill(value);
    }
    return await this.stage[step.as].send(parameters, step.method, step.signed);
  }
}

/** Whoever cuts a connection has answered nothing: a difference like any other, and the next step is tried. */
function noAnswer(error: unknown): Pick<StepResult, 'differences' | 'leftOut'> {
  const { message, cause } = error as { message?: string; cause?: { code?: string } };
  const here = `no answer (${cause?.code ?? message ?? String(error)})`;
  return { differences: [{ kind: 'status', path: 'status', recorded: 'an answer', here }] };
}

/** `expires` "(now + minutes in the note)", or with the minutes in the value: ten where neither names them. */
function expiry(value: string, note: string): string {
  const minutes = Number((/(\d+) ?min/.exec(value) ?? /(\d+) ?min/.exec(note))?.[1] ?? 10);
  const sign = /^\(now ?-/.test(value) ? -1 : 1;
  return new Date(Date.now() + sign * minutes * 60_000).toISOString();
}

/** The parameters that name something which must be there, as opposed to ids that the caller chooses. */
function askedFor(step: Step): string {
  return Object.entries(step.params)
    .filter(([name]) => !/^custom(job)?id$/i.test(name))
    .map(([, value]) => value)
    .join(' ');
}
