import { join } from 'node:path';
import { type GuardedProcess, ProcessStartError, startGuarded } from './guarded-process';
import { isPortFree } from './lasting-ports';
import { packageRoot } from './package-root';

/** Runs one of our own commands (`worker`, `simulator`) as a process of its own, so that it can be killed alone. */
export async function startOwnProcess(options: {
  readonly name: string;
  readonly args: readonly string[];
  readonly logFile: string;
  /** the TCP port of 127.0.0.1 that it will listen on */
  readonly port: number;
  readonly readOutput?: boolean;
  readonly stopTimeout?: number;
}): Promise<GuardedProcess> {
  const { name, args, logFile, port } = options;
  // Whoever listens there would answer in its place.
  if (!(await isPortFree(port)))
    throw new ProcessStartError(`${name}: 127.0.0.1:${String(port)} is in use by another program`);
  return await startGuarded({
    name,
    command: process.execPath,
    args: [join(packageRoot(), 'bin', 'diskferry.js'), ...args],
    env: ownEnvironment(process.env),
    logFile,
    ...(options.readOutput !== undefined && { readOutput: options.readOutput }),
    ...(options.stopTimeout !== undefined && { stopTimeout: options.stopTimeout }),
  });
}

/**
 * The environment for a command that works against a state folder: without the variables that would send it elsewhere, and
 * without the caller's options for Node, which may mean a debugger's port or a test runner's loader.
 */
export function ownEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const elsewhere = /^(TEMPORAL_|DISKFERRY_|NODE_OPTIONS$|NODE_ENV$)/;
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !elsewhere.test(name) || name === 'TEMPORAL_CLI_PATH'),
  );
}
