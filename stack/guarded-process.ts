import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { findProgram } from './programs';

export interface GuardedProcessOptions {
  /** for messages: `Temporal server`, `worker` */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** standard error, and standard output unless it is read, are appended here */
  readonly logFile: string;
  /** gives standard output to the caller, who then has to read it */
  readonly readOutput?: boolean;
  /** milliseconds between the wish to stop and SIGKILL */
  readonly stopTimeout?: number;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A long-lived program that ends with us. */
export interface GuardedProcess {
  readonly name: string;
  readonly processId: number;
  readonly logFile: string;
  readonly stdout: ChildProcess['stdout'];
  /** settles when the process has ended, whoever ended it */
  readonly exited: Promise<ProcessEnd>;
  readonly running: boolean;
  /** Asks it to end and waits; killed when it takes too long. May be called again. */
  stop(): Promise<void>;
  /** kill -9, and waits for the end. */
  kill(): Promise<void>;
}

/** A program of the stack could not be started, or did not become ready. Retrying may help; the log says why it failed. */
export class ProcessStartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProcessStartError';
  }
}

/**
 * Starts a program under a parent-death signal, so that it does not outlive a supervisor that was killed, and in a process group
 * of its own: Ctrl-C in a terminal reaches the supervisor only, which decides the order of stopping.
 *
 * @throws ProcessStartError when it cannot be executed
 */
export async function startGuarded(options: GuardedProcessOptions): Promise<GuardedProcess> {
  await mkdir(dirname(options.logFile), { recursive: true });
  const setpriv = await findProgram('setpriv');
  const [command, args] =
    setpriv === undefined
      ? [options.command, options.args]
      : [setpriv, ['--pdeathsig', 'TERM', options.command, ...options.args]];
  const log = await open(options.logFile, 'a', 0o600);
  const child = spawn(command, args, {
    stdio: ['ignore', options.readOutput === true ? 'pipe' : log.fd, log.fd],
    detached: true,
    ...(options.env !== undefined && { env: options.env }),
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  });
  // `exit`, not `close`: a grandchild that keeps the output open must not keep us waiting.
  const exited = once(child, 'exit').then(([code, signal]: unknown[]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  try {
    await once(child, 'spawn');
  } catch (error) {
    exited.catch(() => undefined);
    throw new ProcessStartError(`${options.name} could not be started: ${String(error)}`, { cause: error });
  } finally {
    await log.close();
  }

  const running = () => child.exitCode === null && child.signalCode === null;
  const endBy = async (signal: NodeJS.Signals, timeout: number) => {
    if (!running()) return;
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
    await exited;
    clearTimeout(timer);
  };
  return {
    name: options.name,
    processId: child.pid ?? -1,
    logFile: options.logFile,
    stdout: child.stdout,
    exited,
    get running() {
      return running();
    },
    stop: () => endBy('SIGTERM', options.stopTimeout ?? 15_000),
    kill: () => endBy('SIGKILL', 1_000),
  };
}

/**
 * Asks `answers` until it says yes.
 *
 * @throws ProcessStartError with the end of the log when the process ends first or the time is up
 */
export async function waitUntilReady(
  process: GuardedProcess,
  answers: () => Promise<boolean>,
  timeout: number,
): Promise<void> {
  const deadline = Date.now() + timeout;
  while (!(await answers())) {
    const why = !process.running
      ? 'ended at its start'
      : Date.now() > deadline
        ? `does not answer after ${String(Math.round(timeout / 1000))} s`
        : undefined;
    if (why !== undefined) {
      await process.stop();
      throw new ProcessStartError(`${process.name} ${why}\n${await endOfLog(process.logFile)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The last lines of a log, for a message. */
export async function endOfLog(logFile: string): Promise<string> {
  const log = await readFile(logFile, 'utf8').catch(() => '');
  return `${basename(logFile)}: ${log.trim().split('\n').slice(-15).join('\n')}`;
}
