/** Where the database is and as whom it is used. The password stands apart from everything that is shown. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password: string;
  /** `mysql://user@host:port/database`, for messages */
  readonly shown: string;
}

/** A database URL that cannot be used. Its text never holds the URL itself, which may carry a password. Not retryable. */
export class DatabaseUrlError extends Error {
  constructor(problem: string) {
    super(`the database URL ${problem}; it looks like mysql://user@host:3306/diskferry`);
    this.name = 'DatabaseUrlError';
  }
}

/**
 * Reads `mysql://user[:password]@host[:port]/database` (`mariadb://` means the same).
 *
 * @param password - used instead of one in the URL
 * @throws DatabaseUrlError
 */
export function parseDatabaseUrl(text: string, password?: string): DatabaseAddress {
  // URL.parse's error would show the text, password and all.
  if (!URL.canParse(text)) throw new DatabaseUrlError('is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'mysql:' && url.protocol !== 'mariadb:')
    throw new DatabaseUrlError('does not begin with mysql://');
  if (url.hostname === '') throw new DatabaseUrlError('names no host');
  if (url.search !== '' || url.hash !== '') throw new DatabaseUrlError('has parameters, which are not supported');
  const database = decode(url.pathname.slice(1));
  if (database === '' || database.includes('/')) throw new DatabaseUrlError('names no database');
  const user = decode(url.username);
  if (user === '') throw new DatabaseUrlError('names no user');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? 3306 : Number(url.port);
  return {
    host,
    port,
    user,
    database,
    password: password ?? decode(url.password),
    shown: `mysql://${user}@${url.hostname}:${String(port)}/${database}`,
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new DatabaseUrlError('has a % that is no escape (write it as %25)');
  }
}
