import { setTimeout as pause } from 'node:timers/promises';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { jobSheetQueries } from './job-sheet-queries';

/** What a watcher has seen so far. */
export interface PathWatch {
  /** how often the query was answered */
  readonly asked: number;
  /** device paths that stood more than once at some moment, as the answers had them; none when all is well */
  readonly duplicates: readonly string[];
  /** the longest time from one answer to the next, in milliseconds */
  readonly longestGapMs: number;
}

export interface PathWatcher {
  seen(): PathWatch;
  /** Ends the watch. Throws what mysql2 threw when a query failed: what was not asked was not seen. */
  stop(): Promise<PathWatch>;
}

type DuplicateRow = RowDataPacket & { readonly device_path: string };

/** Between two questions, so that the watch leaves the machine to what is watched. */
const PAUSE_MS = 20;

/** Asks the job sheet's query for duplicate device paths all the time, until it is stopped. Throws what mysql2 throws. */
export async function watchDevicePaths(database: {
  readonly port: number;
  readonly password: string;
}): Promise<PathWatcher> {
  const connection = await createConnection({
    host: '127.0.0.1',
    user: 'diskferry',
    database: 'diskferry',
    ...database,
  });
  const ended = new AbortController();
  const duplicates = new Set<string>();
  let asked = 0;
  let longestGapMs = 0;
  const asking = (async () => {
    let last = Date.now();
    while (!ended.signal.aborted) {
      const [rows] = await connection.query<DuplicateRow[]>(jobSheetQueries.duplicates);
      for (const { device_path: path } of rows) duplicates.add(path);
      asked += 1;
      const now = Date.now();
      longestGapMs = Math.max(longestGapMs, now - last);
      last = now;
      await pause(PAUSE_MS);
    }
  })();
  // Whoever stops the watch is told.
  asking.catch(() => undefined);
  const seen = (): PathWatch => ({ asked, duplicates: [...duplicates], longestGapMs });
  return {
    seen,
    async stop() {
      ended.abort();
      try {
        await asking;
      } finally {
        connection.destroy();
      }
      return seen();
    },
  };
}
