import { setMaxListeners } from 'node:events';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';

/**
 * The time from a start of the simulated server to its end. Everything that takes time waits here, so that the end cuts it off
 * wherever it is.
 */
export class Lifetime {
  private end = newEnd();
  private hypervisorFinishes = false;

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
