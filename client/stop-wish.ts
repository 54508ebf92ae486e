const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The wish to stop, by Ctrl-C or a signal, while something that must be stopped in order is up. */
export interface StopWish {
  /** aborted at the first wish */
  readonly signal: AbortSignal;
  /** settles at the first wish */
  readonly wished: Promise<void>;
  /** Signals have their usual effect again. */
  dispose(): void;
}

/**
 * Listens for the wish to stop. The second one ends this process at once; parts that it started end with it, by their parent-death
 * signal.
 */
export function listenForStop(): StopWish {
  const abort = new AbortController();
  const wished = new Promise<void>((resolve) => {
    abort.signal.addEventListener('abort', () => {
      resolve();
    });
  });
  const onSignal = (signal: (typeof SIGNALS)[number]) => {
    if (abort.signal.aborted) {
      dispose();
      process.kill(process.pid, signal);
    }
    abort.abort(new StoppedError());
  };
  const dispose = () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return { signal: abort.signal, wished, dispose };
}

/** The user has stopped the command. */
export class StoppedError extends Error {
  constructor() {
    super('stopped');
    this.name = 'StoppedError';
  }
}
