import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { FaultSettings } from '../../simulator/fault-kinds';
import { type RunningStack, type StackOptions, startStack } from '../../stack/local-stack';
import { ownEnvironment } from '../../stack/own-process';
import { packageRoot } from '../../stack/package-root';
import { temporaryFolder } from './temporary-folder';

/** What a command line did. */
export interface CommandRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** the JSON objects on standard output, one per line; throws when a line is none */
  json(): unknown[];
}

/** A stack of its own for one test file: real server, database, nbdkit and worker, simulated CloudStack. */
export interface TestStack extends RunningStack {
  /** `diskferry ARGS --state DIR`, to its end. */
  diskferry(...args: readonly string[]): Promise<CommandRun>;
  /** Sets faults in the simulator (simulator/faults.ts). */
  addFaults(...faults: readonly FaultSettings[]): Promise<void>;
  clearFaults(): Promise<void>;
  /** What there is in the simulated world now. */
  census(): Promise<unknown>;
}

/** Starts a stack in a folder of its own, which `stop` removes (under `npm test` it is kept until all are well). */
export async function startTestStack(options: Omit<Partial<StackOptions>, 'stateDirectory'> = {}): Promise<TestStack> {
  const folder = await temporaryFolder();
  const stack = await startStack({ synchronous: 'NORMAL', ...options, stateDirectory: folder.path });
  // Asked anew each time: a simulator that was started again has its switches on another port.
  const control = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${stack.simulator.controlEndpoint}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${text}`);
    return JSON.parse(text) as unknown;
  };
  // A test that fails leaves commands that wait for servers which are gone by then: jest would wait for them, or end by force.
  const commands = new Set<ChildProcess>();
  return {
    folder: stack.folder,
    temporalUiUrl: stack.temporalUiUrl,
    parts: stack.parts,
    part: stack.part,
    get simulator() {
      return stack.simulator;
    },
    diskferry: (...args) =>
      runDiskferry([...args, '--state', stack.folder.directory], {
        started: (child) => {
          commands.add(child);
          child.once('close', () => commands.delete(child));
        },
      }),
    addFaults: async (...faults) => {
      await control('POST', '/faults', faults);
    },
    clearFaults: async () => {
      await control('DELETE', '/faults');
    },
    census: () => control('GET', '/world'),
    stop: async () => {
      for (const child of commands) child.kill('SIGKILL');
      await stack.stop();
      await folder.remove();
    },
  };
}

/** Runs the built command line, as a user does. */
export async function runDiskferry(
  args: readonly string[],
  options: { readonly signal?: AbortSignal; readonly started?: (child: ChildProcess) => void } = {},
): Promise<CommandRun> {
  const child = spawn(process.execPath, [join(packageRoot(), 'bin', 'diskferry.js'), ...args], {
    env: ownEnvironment(process.env),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.signal !== undefined && { signal: options.signal }),
  });
  options.started?.(child);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => stdout.push(part));
  child.stderr.on('data', (part: Buffer) => stderr.push(part));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  const text = Buffer.concat(stdout).toString('utf8');
  return {
    exitCode,
    stdout: text,
    stderr: Buffer.concat(stderr).toString('utf8'),
    json: () =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
  };
}
