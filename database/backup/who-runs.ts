import { setTimeout as pause } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';

/** Somebody who works with the database, in words for people. */
export interface Busy {
  /** who, such as `replicate-vm/qc/vcenter/42 (run …)` or `diskferry@worker-1` */
  readonly who: string;
  /** what it holds or does */
  readonly does: string;
}

/** Somebody still works with the database. Retryable once they have stopped. */
export class NotQuietError extends Error {
  constructor(readonly busy: readonly Busy[]) {
    super(`${busy.length} still work with the database: ${busy.map(({ who, does }) => `${who} ${does}`).join('; ')}`);
    this.name = 'NotQuietError';
  }
}

/**
 * Who holds a VM or a test's sandbox, and who is connected to the database besides us. With `lock` the claims stay as they are until
 * the transaction ends: whoever wants to take one waits, so nobody begins in between.
 */
export async function whoRuns(
  connection: Connection,
  tables: readonly string[],
  mode?: 'lock',
): Promise<{ readonly busy: readonly Busy[]; readonly seesOthers: boolean }> {
  const busy: Busy[] = [];
  for (const table of ['vm_claims', 'vm_test_claims'].filter((name) => tables.includes(name))) {
    // All rows, and the gaps between them.
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT * FROM ${table} ORDER BY site, source_id, source_vm_id${mode === 'lock' ? ' FOR UPDATE' : ''}`,
    );
    for (const row of rows) {
      if (row['run_id'] === null) continue;
      const what = table === 'vm_claims' ? String(row['kind']) : 'test';
      busy.push({
        who: `${String(row['workflow_id'])} (run ${String(row['run_id'])})`,
        does: `holds VM ${[row['site'], row['source_id'], row['source_vm_id']].join('/')} for a ${what} since ${String(row['since'])}`,
      });
    }
  }
  const sessions = await otherSessions(connection);
  for (const session of sessions) {
    busy.push({
      who: `${String(session['user'])}@${String(session['host'])}`,
      does: `is connected to the database (connection ${String(session['id'])})`,
    });
  }
  const [rights] = await connection.query<RowDataPacket[]>(
    "SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'PROCESS' LIMIT 1",
  );
  return { busy, seesOthers: rights.length > 0 };
}

/** A connection that was just closed is listed for a moment yet. */
async function otherSessions(connection: Connection): Promise<RowDataPacket[]> {
  for (let look = 1; ; look += 1) {
    const [sessions] = await connection.query<RowDataPacket[]>(
      `SELECT ID AS id, USER AS user, HOST AS host FROM information_schema.PROCESSLIST
       WHERE DB = DATABASE() AND ID <> CONNECTION_ID() ORDER BY ID`,
    );
    if (sessions.length === 0 || look === 5) return sessions;
    await pause(100);
  }
}
