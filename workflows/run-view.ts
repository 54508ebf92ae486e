import { log, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import { searchAttributeNames } from '../domain/names';
import { mayFollow } from '../domain/phases';
import type { Phase } from '../domain/phases';
import type { DiskState, ReplicationState } from '../domain/replication-state';
import type { FailureRecord } from '../domain/failures';
import type { StepShow } from './attempt-step';
import { PhaseMetrics } from './phase-metrics';
import { describeRun } from './describe-run';
import { newDisk } from './new-state';
import type { RunControl } from './run-control';

/** The phases in which a run works or ends; the asides (retrying, paused, held) follow from what the disks do. */
export type BasePhase = Exclude<Phase, 'retrying' | 'paused' | 'held'>;

/** Steps after the barrier in which a disk has yet to be copied. */
const notCopied: ReadonlySet<DiskState['step']> = new Set([
  'resolveDevice',
  'provisioned',
  'beginCopy',
  'openExport',
  'exported',
  'copyDisk',
]);

const phaseAttribute = defineSearchAttributeKey(searchAttributeNames.phase, SearchAttributeType.KEYWORD);

export interface ViewOptions {
  readonly searchAttributes: boolean;
  /** writes the phase into the job table; called once per change, never awaited by the work */
  readonly record: (phase: Phase, reason: string | undefined, failure: FailureRecord | undefined) => void;
}

/** What the run shows: one mutable state, from which phase, query answer, search attribute and web page follow. */
export class RunView {
  readonly state: ReplicationState;
  readonly #control: RunControl;
  readonly #options: ViewOptions;
  #base: BasePhase = 'preflight';
  /** disks that are in a step now; the others wait, pause or are held */
  readonly #working = new Set<number>();
  /** disks in a durable pause after a failure */
  readonly #retrying = new Set<number>();
  readonly #held = new Set<number>();
  #vmRetrying = false;
  readonly #metrics: PhaseMetrics;

  constructor(state: ReplicationState, control: RunControl, options: ViewOptions) {
    this.state = state;
    this.#control = control;
    this.#options = options;
    this.#metrics = new PhaseMetrics(state.phase);
    this.#show();
  }

  disk(key: number): DiskState {
    const disk = this.state.disks.find((candidate) => candidate.key === key);
    if (disk === undefined) throw new Error(`no disk ${String(key)} in this run`);
    return disk;
  }

  /** Enters a phase in which the run works or ends. */
  enter(base: BasePhase): void {
    this.#base = base;
    this.refresh();
  }

  stepBegins(key: number, step: DiskState['step'], attempt: number): void {
    const disk = this.disk(key);
    disk.step = step;
    disk.stepAttempt = attempt;
    delete disk.nextTryAt;
    this.#working.add(key);
    this.#retrying.delete(key);
    this.#held.delete(key);
    this.refresh();
  }

  /** The step ended well: its failure, if it had one, is history. */
  stepEnds(key: number, change: Partial<DiskState>): void {
    const disk = this.disk(key);
    Object.assign(disk, change);
    delete disk.lastFailure;
    this.#working.delete(key);
    this.refresh();
  }

  stepFails(key: number, failure: FailureRecord): void {
    this.disk(key).lastFailure = failure;
    this.state.lastFailure = failure;
    this.#working.delete(key);
    this.refresh();
  }

  /** The step was interrupted, by a pause or a stop. */
  stepLeaves(key: number): void {
    this.#working.delete(key);
    this.refresh();
  }

  retryBegins(key: number, milliseconds: number): void {
    this.disk(key).nextTryAt = new Date(Date.now() + milliseconds).toISOString();
    this.#retrying.add(key);
    this.refresh();
  }

  retryEnds(key: number): void {
    delete this.disk(key).nextTryAt;
    this.#retrying.delete(key);
    this.refresh();
  }

  holdBegins(key: number): void {
    this.disk(key).step = 'held';
    this.#held.add(key);
    this.refresh();
  }

  /** Where a call of the VM as a whole shows how it goes. */
  vmShow(): StepShow {
    const pausing = (pauses: boolean): void => {
      this.#vmRetrying = pauses;
      this.refresh();
    };
    return {
      begins: () => pausing(false),
      fails: (failure) => {
        this.state.lastFailure = failure;
      },
      leaves: () => undefined,
      pauseBegins: () => pausing(true),
      pauseEnds: () => pausing(false),
    };
  }

  /** A durable pause of the whole VM before its next provisioning attempt; nothing of the former is left. */
  beginAgain(): void {
    this.state.disks.forEach((disk, index) => {
      this.state.disks[index] = { ...newDisk(disk.key, disk.boot, disk.sizeBytes), kept: disk.kept };
    });
    delete this.state.pointId;
    this.#vmRetrying = true;
    this.enter('provisioning');
  }

  /** The pause before the next provisioning attempt is over. */
  goOn(): void {
    this.#vmRetrying = false;
    this.refresh();
  }

  /** After a stop that keeps all volumes: each one that is there is named, with the reason. */
  nameKeptVolumes(): void {
    for (const disk of this.state.disks) {
      if (disk.volumeId === undefined) continue;
      disk.step = 'kept';
      disk.kept.push(
        `disk ${String(disk.key)}: volume ${disk.volumeId} stays where it is, because the run was stopped with its volumes kept`,
      );
    }
  }

  /** Shows the phase if it changed. Called after each change of the state. */
  refresh(): void {
    const phase = this.#phase();
    const failure = this.state.lastFailure;
    if (phase === this.state.phase) {
      setCurrentDetails(describeRun(this.state));
      return;
    }
    // A gap in the table must not stop a run: an error here would fail the workflow task for ever.
    if (!mayFollow(this.state.phase, phase)) {
      log.error('a phase follows that the table does not allow', { from: this.state.phase, to: phase });
    }
    this.state.phase = phase;
    this.#metrics.enter(phase);
    const reason = this.#reason(phase);
    if (reason === undefined) delete this.state.reason;
    else this.state.reason = reason;
    this.#show();
    this.#options.record(phase, reason, failure);
  }

  #show(): void {
    setCurrentDetails(describeRun(this.state));
    if (this.#options.searchAttributes) upsertSearchAttributes([{ key: phaseAttribute, value: this.state.phase }]);
  }

  #phase(): Phase {
    const base = this.#base;
    if (base !== 'preflight' && base !== 'provisioning' && base !== 'copying' && base !== 'verifying') return base;
    if (this.#working.size > 0) return this.#forwardPhase(base);
    if (this.#control.pauseWish()) return 'paused';
    if (this.#vmRetrying || this.#retrying.size > 0) return 'retrying';
    if (this.#held.size > 0) return 'held';
    return this.#forwardPhase(base);
  }

  /** After the barrier disks go their own way: copying as long as any has not copied, then verifying. */
  #forwardPhase(base: Phase): Phase {
    if (base !== 'copying') return base;
    const steps = this.state.disks.map((disk) => disk.step);
    if (steps.some((step) => notCopied.has(step))) return 'copying';
    if (steps.includes('verifyDisk')) return 'verifying';
    return this.state.phase === 'verifying' ? 'verifying' : 'copying';
  }

  #reason(phase: Phase): string | undefined {
    switch (phase) {
      case 'retrying':
      case 'held':
      case 'compensating':
      case 'needs_attention':
        return this.state.lastFailure?.message;
      case 'paused':
        return 'an operator asked for a pause';
      case 'cancelling':
        return this.state.cancelWish?.keepVolumes === true
          ? 'asked to stop, keeping all volumes'
          : 'asked to stop, keeping volumes with data';
      default:
        return undefined;
    }
  }
}
