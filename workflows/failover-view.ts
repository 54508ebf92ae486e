import { log, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import type { FailoverPhase } from '../domain/failover-phases';
import { finalFailoverPhases, mayFollowInFailover } from '../domain/failover-phases';
import type { FailoverDiskState, FailoverState } from '../domain/failover-state';
import { searchAttributeNames } from '../domain/names';
import type { StepShow } from './attempt-step';
import { describeFailover } from './describe-failover';
import { PhaseMetrics } from './phase-metrics';

/** What a step is of: one disk by its key, or the VM as a whole. */
export type Item = number | 'vm';

/** The phases in which a run works, waits or ends; `retrying` follows from what its items do. */
export type BaseFailoverPhase = Exclude<FailoverPhase, 'retrying'>;

/** Phases whose pauses are their own: what goes back is tried until it is proven, what waits does not work. */
const neverRetrying: ReadonlySet<FailoverPhase> = new Set([
  ...finalFailoverPhases,
  'compensating',
  'ending',
  'needs_attention',
  'awaiting_confirmation',
  'running',
  'held',
]);

const phaseAttribute = defineSearchAttributeKey(searchAttributeNames.phase, SearchAttributeType.KEYWORD);

export interface FailoverViewOptions {
  readonly searchAttributes: boolean;
  /** writes the state into the table of failovers; called once per change of phase, never awaited by the work */
  readonly record: (state: FailoverState) => void;
}

/** What a failover shows: one mutable state, from which phase, query answer, search attribute and web page follow. */
export class FailoverView {
  readonly state: FailoverState;
  /** kept things of the VM as a whole, and why */
  readonly kept: string[] = [];
  readonly #options: FailoverViewOptions;
  #base: BaseFailoverPhase = 'preflight';
  #begun = false;
  readonly #working = new Set<Item>();
  readonly #pausing = new Set<Item>();
  readonly #metrics: PhaseMetrics;

  constructor(state: FailoverState, options: FailoverViewOptions) {
    this.state = state;
    this.#options = options;
    this.#metrics = new PhaseMetrics(state.phase);
    this.#show();
  }

  /** Whether the run has ever done more than look. */
  begun(): boolean {
    return this.#begun;
  }

  enter(base: BaseFailoverPhase): void {
    this.#base = base;
    this.#begun ||= base !== 'preflight';
    this.refresh();
  }

  disk(key: number): FailoverDiskState {
    const disk = this.state.disks.find((candidate) => candidate.key === key);
    if (disk === undefined) throw new Error(`no disk ${String(key)} in this run`);
    return disk;
  }

  change(key: number, change: Partial<FailoverDiskState>): void {
    Object.assign(this.disk(key), change);
    this.refresh();
  }

  /** Where a step or an undo of an item shows how it goes. */
  show(item: Item, step: string): StepShow {
    return {
      begins: (attempt) => {
        if (item === 'vm') Object.assign(this.state.vmStep, { step, attempt });
        else Object.assign(this.disk(item), { step, stepAttempt: attempt });
        this.#working.add(item);
        this.refresh();
      },
      fails: (failure) => {
        this.#stepOf(item).lastFailure = failure;
        this.state.lastFailure = failure;
        this.#working.delete(item);
        this.refresh();
      },
      leaves: () => {
        this.#working.delete(item);
        this.refresh();
      },
      pauseBegins: (pause) => {
        this.#stepOf(item).nextTryAt = new Date(Date.now() + pause).toISOString();
        this.#pausing.add(item);
        this.refresh();
      },
      pauseEnds: () => {
        delete this.#stepOf(item).nextTryAt;
        this.#pausing.delete(item);
        this.refresh();
      },
    };
  }

  /** The step of an item ended well: its failure, if it had one, is history. */
  went(item: Item): void {
    delete this.#stepOf(item).lastFailure;
    this.#working.delete(item);
    this.refresh();
  }

  showOwed(item: Item, undos: string[]): void {
    this.#stepOf(item).undosOwed = undos;
  }

  keep(item: Item, reason: string): void {
    if (item === 'vm') this.kept.push(reason);
    else this.disk(item).kept.push(reason);
  }

  nameOf(item: Item): string {
    if (item !== 'vm') {
      const { volumeId } = this.disk(item);
      return volumeId === undefined ? `disk ${String(item)}` : `disk ${String(item)} (volume ${volumeId})`;
    }
    const { failoverVm, vmName } = this.state;
    if (failoverVm === undefined) return `VM ${vmName}`;
    return `failover VM ${failoverVm.name}${failoverVm.id === undefined ? '' : ` (${failoverVm.id})`}`;
  }

  /** Writes the state into the table although the phase is the same: an end of the lease, the id of the VM. */
  recordAgain(): void {
    setCurrentDetails(describeFailover(this.state));
    this.#options.record(this.state);
  }

  /** Shows the phase if it changed. Called after each change of the state. */
  refresh(): void {
    const phase = this.#phase();
    if (phase === this.state.phase) {
      setCurrentDetails(describeFailover(this.state));
      return;
    }
    // A gap in the table must not stop a run: an error here would fail the workflow task for ever.
    if (!mayFollowInFailover(this.state.phase, phase)) {
      log.error('a phase follows that the table does not allow', { from: this.state.phase, to: phase });
    }
    this.state.phase = phase;
    this.#metrics.enter(phase);
    const reason = this.#reason(phase);
    if (reason === undefined) delete this.state.reason;
    else this.state.reason = reason;
    this.#show();
    this.#options.record(this.state);
  }

  #show(): void {
    setCurrentDetails(describeFailover(this.state));
    if (this.#options.searchAttributes) upsertSearchAttributes([{ key: phaseAttribute, value: this.state.phase }]);
  }

  #phase(): FailoverPhase {
    if (neverRetrying.has(this.#base) || this.#working.size > 0) return this.#base;
    return this.#pausing.size > 0 ? 'retrying' : this.#base;
  }

  #reason(phase: FailoverPhase): string | undefined {
    switch (phase) {
      case 'retrying':
      case 'held':
      case 'needs_attention':
        return this.state.lastFailure?.message;
      case 'compensating':
        return this.state.cancelWish ? 'asked to stop' : this.state.lastFailure?.message;
      case 'awaiting_confirmation':
        return 'everything before the point of no return is done; the start waits to be confirmed';
      default:
        return undefined;
    }
  }

  #stepOf(item: Item): Pick<FailoverDiskState, 'undosOwed' | 'lastFailure' | 'nextTryAt'> {
    return item === 'vm' ? this.state.vmStep : this.disk(item);
  }
}
