import type { Connection, RowDataPacket } from 'mysql2/promise';
import { AdoptionError } from './adoption-error';

/** An account that may change the older system's tables. */
export interface OlderWriter {
  readonly account: string;
  readonly privileges: readonly string[];
  /** takes these rights away */
  readonly revoke: string;
}

const WRITES = ['INSERT', 'UPDATE', 'DELETE', 'DROP', 'ALTER', 'CREATE', 'TRIGGER'];

/**
 * Accounts, besides the given ones, whose grants let them write in the current database: on all databases, on this one, or on a table
 * of it. Administrators of the server (SUPER) are not among them: their rights cannot be what keeps a daemon away.
 *
 * @throws AdoptionError `rights` when our account may not see the grants of others: not seeing them is no proof
 */
export async function findWriters(connection: Connection, ours: readonly string[]): Promise<OlderWriter[]> {
  await requireSight(connection);
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT GRANTEE AS account, '*.*' AS place, PRIVILEGE_TYPE AS privilege FROM information_schema.USER_PRIVILEGES
     UNION ALL SELECT GRANTEE, CONCAT('\`', TABLE_SCHEMA, '\`.*'), PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES
       WHERE DATABASE() LIKE TABLE_SCHEMA
     UNION ALL SELECT GRANTEE, CONCAT('\`', TABLE_SCHEMA, '\`.\`', TABLE_NAME, '\`'), PRIVILEGE_TYPE
       FROM information_schema.TABLE_PRIVILEGES WHERE TABLE_SCHEMA = DATABASE()
     ORDER BY 1, 2, 3`,
  );
  const all = rows.map((row) => ({
    account: String(row['account']),
    place: String(row['place']),
    privilege: String(row['privilege']),
  }));
  const spared = new Set([
    ...ours,
    ...all.filter(({ privilege, place }) => privilege === 'SUPER' && place === '*.*').map(({ account }) => account),
  ]);
  const writers = new Map<string, { account: string; place: string; privileges: string[] }>();
  for (const { account, place, privilege } of all) {
    if (spared.has(account) || !WRITES.includes(privilege)) continue;
    const key = `${account} ${place}`;
    const known = writers.get(key) ?? { account, place, privileges: [] };
    known.privileges.push(privilege);
    writers.set(key, known);
  }
  return [...writers.values()].map(({ account, place, privileges }) => ({
    account,
    privileges,
    revoke: `REVOKE ${privileges.join(', ')} ON ${place} FROM ${account.replace(/@''$/, '')};`,
  }));
}

/** The account of a connection as the grants name it, `'user'@'host'`. */
export async function accountOf(connection: Connection): Promise<string> {
  const [[row]] = await connection.query<RowDataPacket[]>('SELECT CURRENT_USER() AS account');
  const [user = '', host = ''] = String(row?.['account']).split(/@(?=[^@]*$)/);
  return `'${user}'@'${host}'`;
}

async function requireSight(connection: Connection): Promise<void> {
  try {
    await connection.query('SELECT COUNT(*) FROM mysql.user');
    await connection.query('SELECT COUNT(*) FROM mysql.db');
  } catch (error) {
    const account = await accountOf(connection);
    throw new AdoptionError(
      'rights',
      [
        `${account} may not see which accounts can write (${error instanceof Error ? error.message : String(error)})`,
        `GRANT SELECT ON mysql.* TO ${account};`,
      ],
      { cause: error },
    );
  }
}
