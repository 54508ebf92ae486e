export type Stop = () => Promise<void>;

/**
 * What global-setup started and global-teardown stops, newest first. Kept on globalThis: jest loads the two files as modules of
 * their own.
 */
const started = ((globalThis as { diskferryTestServers?: Stop[] }).diskferryTestServers ??= []);

export const servers = {
  push(stop: Stop): void {
    started.push(stop);
  },
  /** Stops everything, also after one that could not be stopped; throws what went wrong at the end. */
  async stopAll(): Promise<void> {
    const errors: unknown[] = [];
    for (let stop = started.pop(); stop !== undefined; stop = started.pop()) {
      await stop().catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw new AggregateError(errors, 'test servers could not be stopped');
  },
};
