import type { FreshDatabase } from '../support/mariadb';

/** Waits until the server shows a statement in this database as running: it waits for a lock that the test holds. */
export async function untilRunning(database: FreshDatabase, statement: RegExp): Promise<void> {
  for (;;) {
    const running = await database.query<{ db: string | null; Info: string | null }>('SHOW PROCESSLIST');
    if (running.some((entry) => entry.db === database.name && statement.test(entry.Info ?? ''))) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
