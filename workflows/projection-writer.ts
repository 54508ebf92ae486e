import { CancellationScope, log } from '@temporalio/workflow';

/**
 * Keeps a projection for people and SQL in step with a run without holding the work up: one write at a time, only the latest row
 * waits for its turn. A projection that cannot be written never fails a run.
 */
export class ProjectionWriter<Row extends { readonly phase: string }> {
  #next: Row | undefined;
  #writing: Promise<void> | undefined;

  constructor(private readonly send: (row: Row) => Promise<void>) {}

  record(row: Row): void {
    this.#next = row;
    this.#writing ??= this.#drain();
  }

  /** Writes the run's end, after whatever is being written. */
  async end(row: Row): Promise<void> {
    this.#next = undefined;
    await this.#writing;
    await this.#write(row);
  }

  async #drain(): Promise<void> {
    while (this.#next !== undefined) {
      const row = this.#next;
      this.#next = undefined;
      await this.#write(row);
    }
    this.#writing = undefined;
  }

  async #write(row: Row): Promise<void> {
    try {
      await CancellationScope.nonCancellable(() => this.send(row));
    } catch (error) {
      log.warn('the job table could not be brought up to date', { phase: row.phase, error: String(error) });
    }
  }
}
