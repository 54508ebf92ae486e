import { CloudStackError } from './errors';

/** What came of one exchange with CloudStack. `answered` also where the answer was a refusal: CloudStack is there. */
export const callOutcomes = ['answered', 'unauthorized', 'lost'] as const;

export interface WatchedCall {
  readonly command: string;
  readonly outcome: (typeof callOutcomes)[number];
  readonly seconds: number;
  /** why there was no answer, or why the key was refused */
  readonly cause?: string;
}

/** Told of every exchange with CloudStack. */
export type CallWatcher = (call: WatchedCall) => void;

/** Makes an exchange and tells the watcher what came of it; one that its caller aborted tells nothing. */
export async function watchCall<T>(
  watcher: CallWatcher | undefined,
  command: string,
  exchange: () => Promise<T>,
): Promise<T> {
  const began = performance.now();
  const tell = (outcome: WatchedCall['outcome'], cause?: string) =>
    watcher?.({
      command,
      outcome,
      seconds: (performance.now() - began) / 1000,
      ...(cause !== undefined && { cause }),
    });
  try {
    const content = await exchange();
    tell('answered');
    return content;
  } catch (error) {
    if (error instanceof CloudStackError) tell(...outcomeOf(error));
    throw error;
  }
}

function outcomeOf(error: CloudStackError): [WatchedCall['outcome'], string?] {
  if (error.kind === 'unavailable' || error.kind === 'outcome-unknown') return ['lost', error.text];
  // 432: the key is good, its role may not use this one command
  if (error.kind === 'unauthorized' && error.errorCode !== 432) return ['unauthorized', error.text];
  return ['answered'];
}
