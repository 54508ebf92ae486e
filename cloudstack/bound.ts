import pLimit from 'p-limit';

/** Runs work with a bounded number at once; work whose signal is aborted leaves the queue with the signal's reason. */
type Bound = <T>(work: () => Promise<T>, signal: AbortSignal | undefined) => Promise<T>;

export function createBound(maxConcurrent: number): Bound {
  const limit = pLimit(maxConcurrent);
  return (work, signal) =>
    new Promise((resolve, reject) => {
      const leave = () => {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the reason is the caller's own, whatever it is
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', leave, { once: true });
      limit(async () => {
        signal?.removeEventListener('abort', leave);
        signal?.throwIfAborted();
        return work();
      }).then(resolve, reject);
    });
}
