import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, open, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { once } from 'node:events';
import { createConnection, escape, escapeId } from 'mysql2';
import { findProgram, runProgram } from './programs';

/**
 * A private MariaDB server on 127.0.0.1 for `up`, the demo and tests. Nobody reaches it without the password that the caller
 * gives: root exists only on the Unix socket, for the operating system's own user.
 */
export interface MariaDbOptions {
  /** made and initialised when it is not there yet */
  readonly dataDirectory: string;
  /** TCP port on 127.0.0.1 */
  readonly port: number;
  /** the server's own messages are appended here */
  readonly logFile: string;
  /** of the user `diskferry`, who may do everything in databases whose names begin with `diskferry`; set anew at each start */
  readonly password: string;
  /** made when missing; `diskferry` when not given */
  readonly database?: string;
  /** `commit`: every commit is on the disk before it is answered. `relaxed`: up to a second may be lost with the machine (tests) */
  readonly durability: 'commit' | 'relaxed';
  /** in the data directory when not given, or in a short temporary folder when its path would be too long there */
  readonly socketPath?: string;
  /** how long it may take until it answers, in milliseconds (60,000 when not given) */
  readonly startTimeout?: number;
}

export interface RunningMariaDb {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly user: string;
  readonly socketPath: string;
  readonly processId: number;
  /** `mysql://diskferry@127.0.0.1:PORT/NAME`, without the password */
  databaseUrl(database?: string): string;
  /** settles when the process has ended, whoever ended it */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Asks it to shut down and waits; killed after half a minute. May be called again. */
  stop(): Promise<void>;
}

/** MariaDB could not be started; the message says why, with the end of its log. Not retryable as it stands. */
export class MariaDbStartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MariaDbStartError';
  }
}

const USER = 'diskferry';
const HOST = '127.0.0.1';
/** sun_path of unix(7) holds 108 bytes with its end mark. */
const SOCKET_PATH_LIMIT = 107;
const STOP_TIMEOUT = 30_000;

/**
 * Starts the server and waits until it answers the user `diskferry`.
 *
 * @throws MariaDbStartError when MariaDB is not installed, cannot be initialised, or ends or stays silent at its start
 */
export async function startMariaDb(options: MariaDbOptions): Promise<RunningMariaDb> {
  const database = options.database ?? USER;
  const server = await required('mariadbd');
  const setpriv = await required('setpriv');
  refuseLongSocketPath(options.socketPath);
  await initialise(options.dataDirectory);
  const socket = await chooseSocket(options);
  const initFile = join(options.dataDirectory, 'diskferry-init.sql');
  await writeFile(initFile, bootstrapSql(options.password, database), { mode: 0o600 });

  await mkdir(dirname(options.logFile), { recursive: true });
  const log = await open(options.logFile, 'a');
  // The parent-death signal ends the server with us even when we are killed; a process group of its own keeps the terminal's
  // Ctrl-C from it, so that whoever started it decides the order of stopping.
  const child = spawn(setpriv, ['--pdeathsig', 'TERM', server, ...serverArguments(options, socket.path, initFile)], {
    stdio: ['ignore', log.fd, log.fd],
    detached: true,
  });
  const exited = once(child, 'exit').then(async ([code, signal]: unknown[]) => {
    await socket.remove();
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  exited.catch(() => undefined); // a failed spawn is reported by waitUntilReady
  await log.close();

  try {
    await waitUntilReady(child, options, database);
  } catch (error) {
    await end(child, exited);
    throw error;
  } finally {
    await unlink(initFile).catch(() => undefined);
  }
  return {
    host: HOST,
    port: options.port,
    user: USER,
    socketPath: socket.path,
    processId: child.pid ?? -1,
    databaseUrl: (name = database) => `mysql://${USER}@${HOST}:${String(options.port)}/${name}`,
    exited,
    stop: () => end(child, exited),
  };
}

/** Path of the server program, or undefined when MariaDB is not installed here. */
export function findMariaDb(): Promise<string | undefined> {
  return findProgram('mariadbd');
}

async function required(program: string): Promise<string> {
  const path = await findProgram(program);
  if (path === undefined) {
    throw new MariaDbStartError(`${program} is not installed (Debian: apt-get install mariadb-server util-linux)`);
  }
  return path;
}

/** Initialises a new data directory beside its place and renames it in, so that a start that was cut off leaves nothing half made. */
async function initialise(dataDirectory: string): Promise<void> {
  if (await exists(join(dataDirectory, 'mysql'))) return;
  const fresh = `${dataDirectory}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(dirname(dataDirectory), { recursive: true });
  await mkdir(fresh, { mode: 0o700 });
  const result = await runProgram(await required('mariadb-install-db'), [
    '--no-defaults',
    `--datadir=${fresh}`,
    `--user=${userInfo().username}`,
    '--skip-test-db',
    '--skip-name-resolve',
    '--auth-root-authentication-method=socket',
    `--auth-root-socket-user=${userInfo().username}`,
  ]);
  if (result.code !== 0) {
    throw new MariaDbStartError(`MariaDB could not initialise ${dataDirectory}: ${lastLines(result.output)}`);
  }
  await rm(dataDirectory, { recursive: true, force: true });
  await rename(fresh, dataDirectory);
}

function refuseLongSocketPath(path: string | undefined): void {
  if (path === undefined || Buffer.byteLength(path) <= SOCKET_PATH_LIMIT) return;
  throw new MariaDbStartError(
    `the socket path ${path} is longer than the ${String(SOCKET_PATH_LIMIT)} bytes that Unix allows`,
  );
}

async function chooseSocket(options: MariaDbOptions): Promise<{ path: string; remove(): Promise<void> }> {
  const nothing = () => Promise.resolve();
  if (options.socketPath !== undefined) return { path: options.socketPath, remove: nothing };
  const beside = join(options.dataDirectory, 'mariadb.sock');
  if (Buffer.byteLength(beside) <= SOCKET_PATH_LIMIT) return { path: beside, remove: nothing };
  const folder = await mkdtemp(join(tmpdir(), 'diskferry-'));
  return { path: join(folder, 'mariadb.sock'), remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Run by the server before it takes connections; one statement a line. */
function bootstrapSql(password: string, database: string): string {
  const user = `${escape(USER)}@${escape(HOST)}`;
  return [
    `CREATE DATABASE IF NOT EXISTS ${escapeId(database, true)} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;`,
    `CREATE USER IF NOT EXISTS ${user} IDENTIFIED BY ${escape(password)};`,
    `ALTER USER ${user} IDENTIFIED BY ${escape(password)};`,
    `GRANT ALL ON \`${USER}%\`.* TO ${user};`,
    '',
  ].join('\n');
}

function serverArguments(options: MariaDbOptions, socketPath: string, initFile: string): string[] {
  return [
    '--no-defaults',
    `--datadir=${options.dataDirectory}`,
    `--user=${userInfo().username}`,
    `--bind-address=${HOST}`,
    `--port=${String(options.port)}`,
    `--socket=${socketPath}`,
    `--pid-file=${join(options.dataDirectory, 'mariadb.pid')}`,
    `--init-file=${initFile}`,
    '--skip-name-resolve',
    '--max-connections=300',
    '--performance-schema=OFF',
    '--innodb-buffer-pool-size=64M',
    '--innodb-log-file-size=16M',
    '--key-buffer-size=1M',
    '--aria-pagecache-buffer-size=1M',
    `--innodb-flush-log-at-trx-commit=${options.durability === 'commit' ? '1' : '2'}`,
  ];
}

async function waitUntilReady(child: ChildProcess, options: MariaDbOptions, database: string): Promise<void> {
  const deadline = Date.now() + (options.startTimeout ?? 60_000);
  let spawnError: Error | undefined;
  child.on('error', (error) => (spawnError = error));
  for (;;) {
    const refusal = await tryToConnect(options, database);
    // Somebody else's server on this port would answer too; the pid file says whether it is ours.
    if (refusal === undefined && (await processIdOf(options.dataDirectory)) === child.pid) return;
    const why =
      spawnError?.message ??
      (child.exitCode !== null || child.signalCode !== null ? 'it ended at once' : undefined) ??
      // Connections are taken only after the bootstrap has run, so a refused user means that it did not work.
      (refusal?.startsWith('ER_') === true && refusal !== 'ER_CON_COUNT_ERROR' ? `it answers ${refusal}` : undefined) ??
      (Date.now() > deadline ? `it does not answer (${refusal ?? 'another server does'})` : undefined);
    if (why !== undefined) {
      const log = await readFile(options.logFile, 'utf8').catch(() => '');
      throw new MariaDbStartError(
        `MariaDB did not start on ${HOST}:${String(options.port)}: ${why}\n${basename(options.logFile)}: ${lastLines(log)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function processIdOf(dataDirectory: string): Promise<number> {
  return Number(await readFile(join(dataDirectory, 'mariadb.pid'), 'utf8').catch(() => ''));
}

/** The code of the error, or undefined when the user can use the database. */
async function tryToConnect(options: MariaDbOptions, database: string): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const connection = createConnection({
      host: HOST,
      port: options.port,
      user: USER,
      password: options.password,
      database,
      connectTimeout: 2_000,
    });
    const settle = (error: { code?: string; message: string } | null) => {
      connection.destroy();
      resolve(error === null ? undefined : (error.code ?? error.message));
    };
    connection.on('error', settle);
    connection.query('SELECT 1', settle);
  });
}

async function end(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.pid === undefined) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT);
  await exited;
  clearTimeout(timer);
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-15).join('\n');
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
