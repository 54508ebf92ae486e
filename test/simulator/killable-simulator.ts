import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { SimulatorAccount } from '../../simulator/start';
import { Caller } from './simulated-site';

/** A simulator as a process of its own, to be killed. */
export interface KillableSimulator {
  readonly child: ChildProcess;
  readonly endpoint: string;
  readonly admin: Caller;
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  kill(): Promise<void>;
  /** resolves when it has ended, with what it said last */
  readonly ended: Promise<RefusedStart>;
}

export interface RefusedStart {
  readonly code: number | null;
  readonly errors: string;
}

const repository = join(__dirname, '..', '..');

/** Starts one on a state folder; what it said when it ended instead. */
export async function startKillable(
  state: string,
  options: {
    readonly listen?: string;
    /** the largest file that it may write, as on a full disk */
    readonly largestFileKib?: number;
  } = {},
): Promise<KillableSimulator | RefusedStart> {
  const { listen = '127.0.0.1:0', largestFileKib } = options;
  const limit = largestFileKib === undefined ? 'unlimited' : String(largestFileKib);
  const child = spawn(
    'bash',
    [
      ...['-c', `ulimit -f ${limit}; exec "$@"`, 'bash', process.execPath],
      ...['--require', join(repository, 'test', 'support', 'typescript-require.cjs')],
      ...[join(repository, 'simulator', 'main.ts'), '--json', '--world', 'demo'],
      ...['--state', state, '--listen', listen],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let errors = '';
  child.stderr.on('data', (part: Buffer) => (errors += part.toString()));
  const closed = once(child, 'close').then(([code]: unknown[]) => ({ code: code as number | null, errors }));
  const line = once(createInterface(child.stdout), 'line').then(([text]: unknown[]) => text as string);
  const first = await Promise.race([line, closed]);
  if (typeof first !== 'string') return { code: first.code, errors };
  const { endpoint, controlEndpoint, accounts } = JSON.parse(first) as {
    endpoint: string;
    controlEndpoint: string;
    accounts: SimulatorAccount[];
  };
  const account = accounts.find((each) => each.role === 'admin');
  if (account === undefined) throw new Error('no admin');
  return {
    child,
    endpoint,
    ended: closed,
    admin: new Caller(endpoint, account),
    control: async (method, path, body) => {
      const response = await fetch(`${controlEndpoint}${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return await response.json();
    },
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

/** As {@link startKillable}, where it must start. */
export async function startOn(
  state: string,
  options: Parameters<typeof startKillable>[1] = {},
): Promise<KillableSimulator> {
  const started = await startKillable(state, options);
  if ('errors' in started) throw new Error(`the simulator ended with ${String(started.code)}: ${started.errors}`);
  return started;
}
