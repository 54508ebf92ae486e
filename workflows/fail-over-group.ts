import {
  ApplicationFailure,
  CancellationScope,
  allHandlersFinished,
  condition,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { milliseconds } from '../domain/duration';
import type { FailoverGroupState } from '../domain/failover-state';
import { failureRecord } from '../domain/failures';
import { closingFailure } from './failure-of';
import { GroupMember } from './group-member';
import type { FailOverGroupInput } from './inputs';
import { failOverGroupInputSchema } from './inputs';
import type { CancelOptions, MemberReady } from './messages';
import { cancelUpdate, groupStateQuery, memberReadySignal } from './messages';
import { parsedInput } from './parsed-input';

export interface FailoverGroupResult {
  readonly state: 'done';
  readonly name: string;
  readonly members: FailoverGroupState['members'];
}

/**
 * Several VMs in one failover: stages one after another, the VMs of a stage side by side. A stage is over when every member is
 * ready: a sandbox up, or a VM failed over. A group of tests then waits until all of them have ended, each by its own lease.
 *
 * Every member is a run of its own, with its own commands, that goes on when the group is gone.
 */
export async function failOverGroup(input: FailOverGroupInput): Promise<FailoverGroupResult> {
  const parsed = parsedInput(failOverGroupInputSchema, input);
  const root = CancellationScope.current();
  return await CancellationScope.nonCancellable(() => new Group(parsed, root).run());
}

type ParsedInput = ReturnType<typeof failOverGroupInputSchema.parse>;

class Group {
  readonly #request: ParsedInput['request'];
  readonly #state: FailoverGroupState;
  /** by stage */
  readonly #stages: readonly GroupMember[][];
  readonly #members: readonly GroupMember[];
  /** why members failed, by VM */
  readonly #causes = new Map<string, string>();
  #stopped = false;

  constructor({ request, ...forMembers }: ParsedInput, root: CancellationScope) {
    this.#request = request;
    const changed = (): void => {
      this.#show();
    };
    this.#stages = request.stages.map(({ members }, index) =>
      members.map((member) => new GroupMember(member, index + 1, forMembers, changed)),
    );
    this.#members = this.#stages.flat();
    this.#state = {
      name: request.name,
      phase: 'running',
      stage: 1,
      members: this.#members.map((member) => member.state),
      startedAt: workflowInfo().startTime.toISOString(),
    };
    setHandler(groupStateQuery, () => this.#state, { description: 'what the group is doing now' });
    setHandler(memberReadySignal, (message: MemberReady) => {
      this.#members.find((member) => member.state.vm === message.vm)?.hears(message);
    });
    const stop = (): void => {
      this.#stopped = true;
    };
    setHandler(cancelUpdate, (_options?: CancelOptions) => stop(), {
      description: 'begins no further stage; tests end, and what is not past its point of no return is taken back',
      validator: (_options?: CancelOptions) => {
        if (this.#state.endedAt === undefined) return;
        const fields = { vm: `of group ${request.name}`, update: 'cancel', reason: 'it has ended' };
        const record = failureRecord('update-refused', fields);
        throw ApplicationFailure.nonRetryable(record.message, record.code, record);
      },
    });
    root.cancelRequested.catch(stop);
    this.#show();
  }

  async run(): Promise<FailoverGroupResult> {
    for (const [index, stage] of this.#stages.entries()) {
      this.#enter('running', index + 1);
      await Promise.all(stage.map((member) => member.start()));
      await condition(() => this.#stopped || stage.every((member) => member.settled()));
      const last = index === this.#stages.length - 1;
      if (this.#stopped || last || this.#endsHere(stage)) break;
      await this.#pause(milliseconds(this.#request.stages[index]?.pause ?? '0s'));
      // Asked again: the pause may have been cut short.
      if (this.#isStopped()) break;
    }
    for (const member of this.#members) member.notBegun();
    this.#noteFailures();
    if (this.#isStopped()) await this.#takeBackAll((member) => member.stop());
    else if (this.#failed().length > 0 && this.#request.onFailure === 'undo-all') {
      await this.#takeBackAll((member) => member.undo());
    }
    return await this.#end();
  }

  /** Whether the policy lets no further stage begin. */
  #endsHere(stage: readonly GroupMember[]): boolean {
    return this.#request.onFailure !== 'continue' && stage.some((member) => member.state.outcome === 'failed');
  }

  async #pause(duration: number): Promise<void> {
    if (duration === 0) return;
    this.#enter('pausing');
    await condition(() => this.#stopped, duration);
  }

  /** Back in the opposite order: the stage that came last first. */
  async #takeBackAll(takeBack: (member: GroupMember) => Promise<void>): Promise<void> {
    this.#enter('undoing');
    for (const stage of [...this.#stages].reverse()) {
      const begun = stage.filter((member) => member.begun());
      await Promise.all(begun.map(takeBack));
      await condition(() => begun.every((member) => member.closed() || member.state.outcome === 'failed'));
    }
  }

  async #end(): Promise<FailoverGroupResult> {
    const { name } = this.#request;
    if (this.#failed().length === 0 && !this.#members.every((member) => member.closed() || !member.begun())) {
      // A group of tests: every sandbox is up, and each ends by itself.
      this.#enter('ready');
      await condition(() => this.#stopped || this.#members.every((member) => member.closed()));
      if (this.#isStopped()) await this.#takeBackAll((member) => member.stop());
    }
    this.#noteFailures();
    const failed = [...this.#causes.values()];
    this.#state.endedAt = new Date().toISOString();
    this.#enter(failed.length > 0 ? 'failed' : 'done');
    await condition(allHandlersFinished);
    const members = this.#members.map((member) => member.state);
    if (failed.length === 0) return { state: 'done', name, members };
    throw closingFailure(
      failureRecord('failover-group-failed', {
        group: name,
        failed: failed.length,
        members: members.length,
        causes: failed.join('; '),
      }),
    );
  }

  /** A member that failed and was undone then has failed all the same. */
  #noteFailures(): void {
    for (const { state } of this.#failed()) {
      this.#causes.set(state.vm, `${state.vmName}: ${state.failure ?? 'failed'}`);
    }
  }

  #failed(): GroupMember[] {
    return this.#members.filter((member) => member.state.outcome === 'failed');
  }

  /** A method, not the property: TypeScript would take the property for unchanged across an await. */
  #isStopped(): boolean {
    return this.#stopped;
  }

  #enter(phase: FailoverGroupState['phase'], stage = this.#state.stage): void {
    this.#state.phase = phase;
    this.#state.stage = stage;
    this.#show();
  }

  #show(): void {
    const { name, phase, stage, members } = this.#state;
    setCurrentDetails(
      [
        `**group ${name}: ${phase}**, stage ${String(stage)} of ${String(this.#stages.length)}`,
        '',
        '| stage | VM | outcome | failure |',
        '| --- | --- | --- | --- |',
        ...members.map(
          (member) =>
            `| ${String(member.stage)} | ${member.vmName} (${member.vm}) | ${member.outcome} | ${member.failure ?? ''} |`,
        ),
      ].join('\n'),
    );
  }
}
