import { contentOf, isFields, jobStatusOf, startedJobOf } from './recording';
import type { Scenario, Step } from './recording';

/** Something that was done to the recorded server and is not among its exchanges. */
export type Preparation =
  /** the hypervisor takes this long for the next command of this name, or (`every`) for all of them */
  | { readonly kind: 'slow'; readonly command: string; readonly seconds: number; readonly every: boolean }
  /** the hypervisor or the storage fails the next command of this name */
  | {
      readonly kind: 'fail';
      readonly command: string;
      readonly where: 'hypervisor' | 'storage';
      readonly fails: { readonly details?: string };
    }
  /** the management server was killed and started again */
  | { readonly kind: 'restart' }
  /** jobs that have ended are forgotten from here on, or (`off`) no longer are */
  | { readonly kind: 'job expiry'; readonly off: boolean };

/** What the whole scenario ran under. */
export interface Setting {
  /** `enforce.post.requests.and.timestamps` is on */
  readonly enforced: boolean;
  /** a normal user's requests are limited */
  readonly throttled: boolean;
  /** the recording does something while jobs run, so they must begin and end no sooner than the recorded ones did */
  readonly unhurried: boolean;
}

export function settingOf(scenario: Scenario): Setting {
  const texts = scenario.steps.map(errorTextOf);
  return {
    enforced: texts.some((text) => text.includes('needs to be sent using POST')) || /\benforce/i.test(scenario.about),
    throttled: scenario.steps.some((step) => step.status === 429),
    unhurried: scenario.steps.some(
      (step, index) => (isLook(step) || startsJob(step)) && jobsInFlight(scenario.steps, index).length > 0,
    ),
  };
}

/** What must be done before each step, by the step's number. It follows from the notes and from what the recorded answers say. */
export function preparationsOf(scenario: Scenario): ReadonlyMap<number, readonly Preparation[]> {
  const { steps } = scenario;
  const result = new Map<number, Preparation[]>();
  const add = (index: number, preparation: Preparation): void => {
    const before = result.get(index) ?? [];
    if (!before.some((other) => JSON.stringify(other) === JSON.stringify(preparation))) before.push(preparation);
    result.set(index, before);
  };
  const slowThroughout = slownessIn(scenario.about);
  if (slowThroughout !== undefined && /each/i.test(scenario.about)) {
    for (const command of new Set(steps.filter(startsJob).map((step) => step.params['command'] ?? ''))) {
      add(0, { kind: 'slow', command, seconds: slowThroughout, every: true });
    }
  }
  const toldOfSlowness = steps.some(({ note }) => slownessIn(note) !== undefined);
  for (const [index, step] of steps.entries()) {
    const seconds = slownessIn(step.note) ?? (toldOfSlowness ? undefined : slownessOfJob(steps, index));
    if (seconds !== undefined && step.note !== steps[index - 1]?.note) {
      const target = steps.findIndex((other, at) => at >= index && startsJob(other));
      const command = steps[target]?.params['command'];
      if (command !== undefined) add(target, { kind: 'slow', command, seconds, every: false });
    }
    if (comesAfterRestart(steps, index)) add(index, { kind: 'restart' });
    if (isForgottenJob(steps, index)) {
      add(index, { kind: 'job expiry', off: false });
      add(index + 1, { kind: 'job expiry', off: true });
    }
    const failure = failureOf(step);
    if (failure !== undefined) {
      const cause = causeOf(steps, index);
      const command = steps[cause]?.params['command'];
      if (command !== undefined) add(cause, { kind: 'fail', command, ...failure });
    }
  }
  return result;
}

/** The jobs that the recording has sent before a step and not yet seen the end of, as it names them. */
export function jobsInFlight(steps: readonly Step[], before: number): string[] {
  const open = new Set<string>();
  for (const step of steps.slice(0, before)) {
    const started = startedJobOf(step, step.body);
    if (started !== undefined && steps.some((other) => other.params['jobid'] === started)) open.add(started);
    const status = jobStatusOf(step.params['command'], step.body);
    if (status !== undefined && status !== 0) open.delete(step.params['jobid'] ?? '');
  }
  return [...open];
}

/** Whether a step reads the world, and not only a job. */
export function isLook(step: Step): boolean {
  return step.status === 200 && (step.params['command'] ?? '').startsWith('list');
}

function startsJob(step: Step): boolean {
  return startedJobOf(step, step.body) !== undefined;
}

/** "(hypervisor made slow by 3 s)", "(hypervisor slow by 60 s)", "(hypervisor 1.5 s each)" */
function slownessIn(text: string): number | undefined {
  const found =
    /(?:hypervisor|slow(?:ed)?|delay(?:ed)?)[^.;,\d]{0,30}(\d+(?:\.\d+)?) ?(ms|s|seconds?|minutes?)\b/i.exec(text);
  if (found?.[1] === undefined) return undefined;
  const unit = found[2] ?? 's';
  return Number(found[1]) * (unit === 'ms' ? 0.001 : unit.startsWith('m') ? 60 : 1);
}

/** On the recorded server an attach or detach took about two seconds; one of which no note tells took this much longer. */
const TOO_LONG_MS = 5_000;

function slownessOfJob(steps: readonly Step[], index: number): number | undefined {
  const step = steps[index];
  if (step === undefined || !/^(attach|detach)Volume$/.test(step.params['command'] ?? '')) return undefined;
  const jobId = startedJobOf(step, step.body);
  const end = steps.find((other) => other.params['jobid'] === jobId && other.polledForMillis !== undefined);
  const polled = end?.polledForMillis ?? 0;
  return polled < TOO_LONG_MS ? undefined : polled / 1000;
}

/** A job that the server has answered about before and does not know any more. */
function isForgottenJob(steps: readonly Step[], index: number): boolean {
  const step = steps[index];
  if (step?.params['command'] !== 'queryAsyncJobResult' || step.status !== 431) return false;
  const isSame = (other: Step): boolean => other.status === 200 && other.params['jobid'] === step.params['jobid'];
  return steps.slice(0, index).some((other) => other.params['command'] === 'queryAsyncJobResult' && isSame(other));
}

/**
 * A job that has failed without a result is one that a restart ended. Where the recording looks at something else first, its note
 * says that it is after the restart.
 */
function comesAfterRestart(steps: readonly Step[], index: number): boolean {
  const toldIn = (step: Step | undefined): boolean =>
    /\bafter (?:the|a) (?:restart|kill|crash)/i.test(step?.note ?? '');
  const step = steps[index];
  if (step === undefined) return false;
  const lost = steps.findIndex((other) => isLostJob(other));
  const first = steps.findIndex((other) => toldIn(other));
  if (first >= 0 && (lost < 0 || first <= lost)) return index === first;
  return index === lost;
}

function isLostJob(step: Step): boolean {
  return jobStatusOf(step.params['command'], step.body) === 2 && !('jobresult' in (contentOf(step.body) ?? {}));
}

/** What the server's own mock commands made fail is known by the mock's words. */
function failureOf(step: Step): Pick<Preparation & { kind: 'fail' }, 'where' | 'fails'> | undefined {
  const text = errorTextOf(step);
  const details = /^Failed to (?:attach|detach) volume .* (?:to|from) VM [^;]*; (.+)$/s.exec(text)?.[1];
  if (details !== undefined) return { where: 'hypervisor', fails: { details } };
  if (text.includes('com.cloud.agent.api.Answer cannot be cast')) return { where: 'hypervisor', fails: {} };
  if (!text.includes('Simulated failure')) return undefined;
  return { where: /create|expunge|primary/i.test(text) ? 'storage' : 'hypervisor', fails: {} };
}

/** The step whose command failed: the one that started the job, or the step itself. */
function causeOf(steps: readonly Step[], index: number): number {
  const jobId = steps[index]?.params['command'] === 'queryAsyncJobResult' ? steps[index].params['jobid'] : undefined;
  return jobId === undefined ? index : steps.findIndex((step) => startedJobOf(step, step.body) === jobId);
}

/** The text of a refusal or of a failed job. */
export function errorTextOf(step: Pick<Step, 'body'>): string {
  const content = contentOf(step.body);
  const result = isFields(content?.['jobresult']) ? content['jobresult'] : content;
  const text = result?.['errortext'];
  return typeof text === 'string' ? text : '';
}
