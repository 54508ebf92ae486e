import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import { Stopped } from './failure-of';

/**
 * The wishes of operators, as workflow variables. The wish to stop is asked *before* any failure is classified: after a worker
 * was killed, a cancelled activity comes back as a heartbeat time-out and `isCancellation()` is false.
 */
export class RunControl {
  #stop: { readonly keepVolumes: boolean } | undefined;
  #paused = false;
  #retries = 0;
  #abandoned = false;
  #sealed = false;
  readonly #forward = new CancellationScope();
  readonly #interruptible = new Set<CancellationScope>();

  // Methods, not properties: TypeScript would take a property for unchanged across an await.
  stopWish(): { readonly keepVolumes: boolean } | undefined {
    return this.#stop;
  }

  pauseWish(): boolean {
    return this.#paused;
  }

  abandoned(): boolean {
    return this.#abandoned;
  }

  /** From here on the run goes forward only: no wish to stop is taken. */
  seal(): void {
    this.#sealed = true;
  }

  sealed(): boolean {
    return this.#sealed;
  }

  /** The first wish to stop stands; running forward work is cancelled. */
  requestStop(keepVolumes: boolean): void {
    if (this.#sealed || this.#stop !== undefined) return;
    this.#stop = { keepVolumes };
    this.#forward.cancel();
  }

  /** Nothing new begins; what may be interrupted without loss (copies) is. */
  requestPause(): void {
    this.#paused = true;
    for (const scope of this.#interruptible) scope.cancel();
  }

  resume(): void {
    this.#paused = false;
  }

  retryNow(): void {
    this.#retries += 1;
  }

  abandonLeftovers(): void {
    this.#abandoned = true;
  }

  /** Runs forward work so that a stop cancels it. */
  forward<T>(work: () => Promise<T>): Promise<T> {
    return this.#forward.run(work);
  }

  /**
   * Runs work that a pause may interrupt and that finds its place again. `interrupted` tells that it was.
   */
  async interruptible<T>(work: () => Promise<T>): Promise<{ interrupted: false; value: T } | { interrupted: true }> {
    const scope = new CancellationScope();
    this.#interruptible.add(scope);
    try {
      return { interrupted: false, value: await scope.run(work) };
    } catch (error) {
      // A stop also cancels the scope, through its parent; only a pause alone is an interruption.
      if (scope.consideredCancelled && this.#stop === undefined) return { interrupted: true };
      throw error;
    } finally {
      this.#interruptible.delete(scope);
    }
  }

  /** Waits while paused. Throws Stopped when the run is to stop. */
  async gate(): Promise<void> {
    if (this.#paused) await this.#unlessStopped(() => !this.#paused);
    if (this.#stop !== undefined) throw new Stopped();
  }

  /** A durable pause, which `retryNow` cuts short, and `over`. Throws Stopped when the run is to stop. */
  async pauseFor(milliseconds: number, over: () => boolean = () => false): Promise<void> {
    const retries = this.#retries;
    await this.#unlessStopped(() => this.#retries !== retries || over(), milliseconds);
    if (this.#stop !== undefined) throw new Stopped();
  }

  /** Waits, however long, for `retryNow`. Throws Stopped when the run is to stop. */
  async untilRetryNow(): Promise<void> {
    const retries = this.#retries;
    await this.#unlessStopped(() => this.#retries !== retries);
    if (this.#stop !== undefined) throw new Stopped();
  }

  /** Waits, however long, for `retryNow` (true) or until an operator gives it up (false). */
  async untilRetryOrAbandon(): Promise<boolean> {
    const retries = this.#retries;
    await condition(() => this.#retries !== retries || this.#abandoned);
    return !this.#abandoned;
  }

  /** Waits, however long, until something is so. Throws Stopped when the run is to stop. */
  async until(met: () => boolean): Promise<void> {
    await this.#unlessStopped(met);
    if (this.#stop !== undefined) throw new Stopped();
  }

  /** A pause between tries of an undo: cut short by `retryNow`, or by giving up. A stop changes nothing here. */
  async pauseUndo(milliseconds: number): Promise<void> {
    const retries = this.#retries;
    await condition(() => this.#retries !== retries || this.#abandoned, milliseconds);
  }

  async #unlessStopped(done: () => boolean, milliseconds?: number): Promise<void> {
    const met = (): boolean => this.#stop !== undefined || done();
    try {
      await (milliseconds === undefined ? condition(met) : condition(met, milliseconds));
    } catch (error) {
      // The forward scope was cancelled under the condition: that is the stop itself.
      if (isCancellation(error) && this.#stop !== undefined) throw new Stopped();
      throw error;
    }
  }
}
