import { setTimeout as pause } from 'node:timers/promises';

/** One long-lived program of a stack: how it is started, anew each time. */
export interface Part {
  readonly name: string;
  /** settles when the part is ready to be used */
  start(): Promise<RunningPart>;
}

export interface RunningPart {
  readonly processId: number;
  /** settles when the process has ended, whoever ended it; with the reason, for people */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

export interface StackEvent {
  readonly part: string;
  readonly kind: 'starting' | 'ready' | 'died' | 'failed' | 'stopping' | 'stopped';
  readonly processId?: number;
  /** why it died or could not be started */
  readonly reason?: string;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 30_000;
/** A part that ran this long was well: its next death begins with the first pause again. */
const WELL_AFTER_MS = 60_000;

/** A part that is started again when it dies, until somebody stops it. */
export class SupervisedPart {
  readonly #part: Part;
  readonly #onEvent: (event: StackEvent) => void;
  #running: RunningPart | undefined;
  #wanted = false;
  #readyAt = 0;
  #pauseMs = FIRST_PAUSE_MS;
  /** cuts a pause before the next start short when the part is no longer wanted */
  #pausing = new AbortController();
  /** starts and stops come one after the other */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(part: Part, onEvent: (event: StackEvent) => void) {
    this.#part = part;
    this.#onEvent = onEvent;
  }

  get name(): string {
    return this.#part.name;
  }

  /** undefined while it does not run */
  get processId(): number | undefined {
    return this.#running?.processId;
  }

  /** Starts it, if it does not run, and keeps it running. Throws what its start throws. */
  async start(): Promise<void> {
    await this.#inTurn(async () => {
      this.#wanted = true;
      if (this.#running === undefined) await this.#startOnce();
    });
  }

  /** Stops it; it stays stopped. */
  async stop(): Promise<void> {
    this.#wanted = false;
    this.#pausing.abort();
    await this.#inTurn(async () => {
      const running = this.#running;
      this.#running = undefined;
      if (running === undefined) return;
      this.#say('stopping', { processId: running.processId });
      await running.stop();
      this.#say('stopped', { processId: running.processId });
    });
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** kill -9. It is started again, unless `stayDown`. */
  async kill9(how: { readonly stayDown?: boolean } = {}): Promise<void> {
    if (how.stayDown === true) {
      this.#wanted = false;
      this.#pausing.abort();
    }
    const running = this.#running;
    if (running === undefined) return;
    process.kill(running.processId, 'SIGKILL');
    await running.ended;
  }

  async #startOnce(): Promise<void> {
    this.#say('starting');
    const running = await this.#part.start();
    this.#running = running;
    this.#readyAt = Date.now();
    this.#say('ready', { processId: running.processId });
    void running.ended.then((reason) => this.#ended(running, reason));
  }

  async #ended(running: RunningPart, reason: string): Promise<void> {
    if (this.#running !== running) return; // stopped on purpose
    this.#running = undefined;
    this.#say('died', { processId: running.processId, reason });
    if (Date.now() - this.#readyAt > WELL_AFTER_MS) this.#pauseMs = FIRST_PAUSE_MS;
    while (this.#isWanted()) {
      this.#pausing = new AbortController();
      await pause(this.#pauseMs, undefined, { signal: this.#pausing.signal }).catch(() => undefined);
      this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
      const done = await this.#inTurn(async () => {
        if (!this.#isWanted() || this.#running !== undefined) return true;
        return await this.#startOnce().then(
          () => true,
          (error: unknown) => {
            this.#say('failed', { reason: String(error) });
            return false;
          },
        );
      });
      if (done) return;
    }
  }

  /** A method, because the compiler cannot know that the field changes while something is awaited. */
  #isWanted(): boolean {
    return this.#wanted;
  }

  #say(kind: StackEvent['kind'], details: { processId?: number; reason?: string } = {}): void {
    this.#onEvent({ part: this.name, kind, ...details });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined);
    return await turn;
  }
}

/** The parts of a stack, in the order in which they were added; stopped in reverse. */
export class Supervisor {
  readonly #parts: SupervisedPart[] = [];
  readonly #onEvent: (event: StackEvent) => void;

  constructor(onEvent: (event: StackEvent) => void) {
    this.#onEvent = onEvent;
  }

  get parts(): readonly SupervisedPart[] {
    return this.#parts;
  }

  /** Throws RangeError when there is no part of that name. */
  part(name: string): SupervisedPart {
    const part = this.#parts.find((candidate) => candidate.name === name);
    if (part === undefined)
      throw new RangeError(`no part ${name}; parts: ${this.#parts.map((each) => each.name).join(', ')}`);
    return part;
  }

  /** Adds a part without starting it. */
  add(part: Part): SupervisedPart {
    const added = new SupervisedPart(part, this.#onEvent);
    this.#parts.push(added);
    return added;
  }

  /** Adds parts and starts them side by side; waits for all. Throws the first that could not be started. */
  async start(...parts: readonly Part[]): Promise<void> {
    const added = parts.map((part) => this.add(part));
    const results = await Promise.allSettled(added.map((part) => part.start()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Stops everything in reverse order, also after a part that could not be stopped; throws what went wrong at the end. */
  async stop(): Promise<void> {
    const errors: unknown[] = [];
    for (const part of this.#parts.toReversed()) await part.stop().catch((error: unknown) => errors.push(error));
    if (errors.length > 0) throw new AggregateError(errors, 'parts could not be stopped');
  }
}
