import { once, setMaxListeners } from 'node:events';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';

export interface RestartOptions {
  /** how long nothing listens, milliseconds */
  readonly downMs: number;
  /** what the hypervisor was asked for comes all the same */
  readonly hypervisorFinishes: boolean;
}

/**
 * The time from a start of the simulated server to its end. Everything that takes time waits here, so that the end cuts it off
 * wherever it is.
 */
export class Lifetime {
  private end = newEnd();
  private hypervisorFinishes = false;
  private restart: ((options: RestartOptions) => void) | undefined;

  /** Lets time pass, with 0 only what is underway already. @throws ServerStopped when the server ended meanwhile */
  async wait(ms: number): Promise<void> {
    const { signal } = this.end;
    try {
      await (ms === 0 ? nextTurn(undefined, { signal }) : pause(ms, undefined, { signal }));
    } catch (error) {
      throw signal.aborted ? new ServerStopped() : error;
    }
  }

  /**
   * Lets the hypervisor work for a time and then has its effect. When the server ends meanwhile the effect is lost, or comes all
   * the same: the hypervisor is another machine, and nobody tells it.
   */
  async atHypervisor(ms: number, effect: () => void): Promise<void> {
    try {
      await this.wait(ms);
    } catch (error) {
      if (this.hypervisorFinishes) effect();
      throw error;
    }
    effect();
  }

  /** Waits for something, at most so long (null: without end). @throws ServerStopped when the server ended meanwhile */
  async waitFor(thing: Promise<void>, ms: number | null): Promise<void> {
    const { signal } = this.end;
    if (signal.aborted) throw new ServerStopped();
    const enough = new AbortController();
    const stopped = once(signal, 'abort', { signal: enough.signal }).then(() => {
      throw new ServerStopped();
    });
    const over = ms === null ? [] : [pause(ms, undefined, { signal: enough.signal })];
    try {
      await Promise.race([thing, stopped, ...over]);
    } finally {
      // What lost the race is called off, and nobody listens to its refusal.
      for (const loser of [stopped, ...over]) loser.catch(() => undefined);
      enough.abort();
    }
  }

  /** Who restarts the server when something within it asks for that. */
  restartBy(restart: (options: RestartOptions) => void): void {
    this.restart = restart;
  }

  /** Has the server killed and started; does not wait for it. */
  askForRestart(options: RestartOptions): void {
    this.restart?.(options);
  }

  /** Cuts off everything that waits. */
  stop(options: { readonly hypervisorFinishes: boolean }): void {
    this.hypervisorFinishes = options.hypervisorFinishes;
    this.end.abort();
  }

  /** The server is up again. */
  begin(): void {
    this.end = newEnd();
  }
}

function newEnd(): AbortController {
  const end = new AbortController();
  // As many may wait as there is work.
  setMaxListeners(0, end.signal);
  return end;
}

/** The simulated server ended in the middle of something; nobody gets an answer. */
export class ServerStopped extends Error {
  constructor() {
    super('the simulated server stopped');
    this.name = 'ServerStopped';
  }
}
