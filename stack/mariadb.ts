import { mkdir, mkdtemp, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { createConnection, escape, escapeId } from 'mysql2';
import {
  type GuardedProcess,
  type ProcessEnd,
  ProcessStartError,
  endOfLog,
  startGuarded,
  waitUntilReady,
} from './guarded-process';
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
  readonly exited: Promise<ProcessEnd>;
  readonly running: boolean;
  /** Asks it to shut down and waits; killed after half a minute. May be called again. */
  stop(): Promise<void>;
  /** kill -9, and waits for the end. */
  kill(): Promise<void>;
}

/** MariaDB could not be started; the message says why, with the end of its log. */
export class MariaDbStartError extends ProcessStartError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MariaDbStartError';
  }
}

const USER = 'diskferry';
const HOST = '127.0.0.1';
/** sun_path of unix(7) holds 108 bytes with its end mark. */
const SOCKET_PATH_LIMIT = 107;
const START_TIMEOUT = 60_000;
const STOP_TIMEOUT = 30_000;

/**
 * Starts the server and waits until it answers the user `diskferry`.
 *
 * @throws MariaDbStartError when MariaDB is not installed, cannot be initialised, or ends or stays silent at its start
 */
export async function startMariaDb(options: MariaDbOptions): Promise<RunningMariaDb> {
  const database = options.database ?? USER;
  const command = await required('mariadbd');
  refuseLongSocketPath(options.socketPath);
  await mkdir(temporaryFolderOf(options.dataDirectory), { recursive: true, mode: 0o700 });
  await initialise(options.dataDirectory);
  const initFile = join(options.dataDirectory, 'diskferry-init.sql');
  await writeFile(initFile, bootstrapSql(options.password, database), { mode: 0o600 });

  const socket = await chooseSocket(options);
  let server: GuardedProcess | undefined;
  try {
    server = await startGuarded({
      name: 'MariaDB',
      command,
      args: serverArguments(options, socket.path, initFile),
      logFile: options.logFile,
      stopTimeout: STOP_TIMEOUT,
    });
    const { processId } = server;
    await waitUntilReady(server, () => answers(options, database, processId), options.startTimeout ?? START_TIMEOUT);
  } catch (error) {
    await server?.stop();
    await socket.remove();
    throw new MariaDbStartError(`${HOST}:${String(options.port)}: ${(error as Error).message}`, { cause: error });
  } finally {
    await unlink(initFile).catch(() => undefined);
  }
  const started = server;
  const exited = started.exited.finally(() => socket.remove());
  return {
    host: HOST,
    port: options.port,
    user: USER,
    socketPath: socket.path,
    processId: started.processId,
    databaseUrl: (name = database) => `mysql://${USER}@${HOST}:${String(options.port)}/${name}`,
    exited,
    get running() {
      return started.running;
    },
    stop: async () => {
      await started.stop();
      await exited;
    },
    kill: async () => {
      await started.kill();
      await exited;
    },
  };
}

/**
 * Where the server has its temporary tables. Not /tmp: a server that starts deletes every `#sql…` file in its folder, also those of
 * another that is at work (sql/sql_base.cc, mysql_rm_tmp_tables).
 */
function temporaryFolderOf(dataDirectory: string): string {
  return `${dataDirectory}.tmp`;
}

async function required(program: string): Promise<string> {
  const path = await findProgram(program);
  if (path === undefined) {
    throw new MariaDbStartError(`${program} is not installed (Debian: apt-get install mariadb-server util-linux)`);
  }
  return path;
}

/**
 * Initialises a new data directory beside its place and renames it in, so that a start that was cut off leaves nothing half made.
 * The bootstrap server may fail on a machine under load, so it is tried twice.
 */
async function initialise(dataDirectory: string): Promise<void> {
  if (await exists(join(dataDirectory, 'mysql'))) return;
  const fresh = `${dataDirectory}.new`;
  await mkdir(dirname(dataDirectory), { recursive: true });
  const temporary = temporaryFolderOf(dataDirectory);
  let failed = await bootstrap(fresh, temporary);
  if (failed !== undefined) failed = await bootstrap(fresh, temporary);
  if (failed !== undefined) throw new MariaDbStartError(`MariaDB could not initialise ${dataDirectory}: ${failed}`);
  await rm(dataDirectory, { recursive: true, force: true });
  await rename(fresh, dataDirectory);
}

/** Makes the system tables in an empty folder; what went wrong, in MariaDB's words, or undefined. */
async function bootstrap(folder: string, temporary: string): Promise<string | undefined> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  const { code, output } = await runProgram(await required('mariadb-install-db'), [
    '--no-defaults',
    `--datadir=${folder}`,
    `--tmpdir=${temporary}`,
    `--user=${userInfo().username}`,
    '--skip-test-db',
    '--skip-name-resolve',
    '--auth-root-authentication-method=socket',
    `--auth-root-socket-user=${userInfo().username}`,
  ]);
  if (code === 0) return undefined;
  // Its last lines are advice for administrators; the cause stands in the lines marked as errors.
  const errors = output.split('\n').filter((line) => /error/i.test(line));
  return errors.length > 0 ? errors.join('; ') : lastLines(output);
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
    `--tmpdir=${temporaryFolderOf(options.dataDirectory)}`,
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

/**
 * Whether the server answers and is ours: somebody else's on this port would answer too, until ours ends for want of it.
 *
 * @throws MariaDbStartError when it refuses the user: connections are taken only after the bootstrap has run
 */
async function answers(options: MariaDbOptions, database: string, processId: number): Promise<boolean> {
  const refusal = await tryToConnect(options, database);
  if ((await processIdOf(options.dataDirectory)) !== processId) return false;
  if (refusal?.startsWith('ER_') === true && refusal !== 'ER_CON_COUNT_ERROR') {
    throw new MariaDbStartError(`answers ${refusal}\n${await endOfLog(options.logFile)}`);
  }
  return refusal === undefined;
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

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-15).join('\n');
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
