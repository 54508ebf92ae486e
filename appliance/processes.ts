import { spawn } from 'node:child_process';
import { redact } from '../domain/redact';

/**
 * The port for processes that the appliance starts. Every tool runs behind `setpriv --pdeathsig KILL` in a process group of its
 * own: a child of a killed worker otherwise lives on and keeps writing (reference/storage.md), and a group can be ended at once
 * together with the servers that a tool started for itself.
 *
 * A parent that dies between fork and the call that sets the signal would never send it. So a tool begins only once its parent
 * has been seen alive after that call.
 */
const IF_PARENT_IS = '[ "$PPID" = "$0" ] || exit 70; exec "$@"';
const IF_PARENT_IS_CALLED = 'read -r name <"/proc/$PPID/comm"; [ "$name" = "$0" ] || exit 70; exec "$@"';

/**
 * A command of the operator's may be a script, and a signal at the parent's death reaches one process only. So a shell stands
 * guard: it is told when the worker dies (SIGTERM), and then ends its whole group. When the guard itself is killed, at least the
 * command goes with it. Both streams of the command come as one, in the order in which it wrote.
 */
const GUARD = `trap 'kill -KILL 0' TERM; setpriv --pdeathsig KILL -- "$@" 2>&1 & wait "$!"`;

function guarded(command: readonly string[]): string[] {
  return ['setpriv', '--pdeathsig', 'TERM', '--', 'sh', '-c', GUARD, 'sh', ...command];
}

function boundTo(condition: string, parent: string, command: readonly string[]): [string, ...string[]] {
  return ['setpriv', '--pdeathsig', 'KILL', '--', 'sh', '-c', condition, parent, ...command];
}

/** Arguments by which a libnbd tool starts a server for itself, ends it, and takes it with it when it is killed. */
export function serverOf(tool: 'nbdinfo' | 'nbdcopy', command: readonly string[]): string[] {
  return ['[', ...boundTo(IF_PARENT_IS_CALLED, tool, command), ']'];
}

export interface ToolCall {
  readonly tool: string;
  readonly args: readonly string[];
  /** ends the tool (SIGKILL to its group); the call then fails with the signal's reason, once the tool is dead */
  readonly signal?: AbortSignal | undefined;
  /** open file descriptors that the tool gets as 3, 4, … */
  readonly inherit?: readonly number[];
  /** ends the tool when it takes longer; milliseconds */
  readonly timeoutMs?: number;
  /** variables beside those that every tool gets */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * true: a command of the operator's. What it leaves running in its group is ended with it, and when the worker dies the whole
   * group is; its standard error comes with its standard output.
   */
  readonly guarded?: boolean;
}

/** A tool that could not be started, was ended, or said that it failed. Its text holds no user info of a URI. */
export class ToolError extends Error {
  constructor(
    readonly tool: string,
    /** `exit status 1`, `signal SIGKILL`, `no answer within 30000 ms`, or why it could not be started */
    readonly status: string,
    /** the end of what it wrote to stderr */
    readonly stderr: string,
    /** it took longer than it may, and was ended */
    readonly timedOut = false,
  ) {
    super(stderr === '' ? `${tool}: ${status}` : `${stderr} (${tool}: ${status})`);
    this.name = 'ToolError';
  }
}

/** How long something that a guarded command has left behind may hold its output. */
const LET_GO_AFTER_MS = 1_000;

/** Only what tools need: the worker's own environment holds secrets. */
function toolEnvironment(): Record<string, string> {
  const environment: Record<string, string> = { LC_ALL: 'C' };
  for (const name of ['PATH', 'HOME', 'TMPDIR', 'NBDKIT_PLUGIN_DIR'] as const) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

/**
 * Runs a tool and gives back what it wrote to stdout.
 *
 * @throws ToolError, or the signal's reason
 */
export async function runTool(call: ToolCall): Promise<string> {
  const chunks: Buffer[] = [];
  await streamTool(call, (chunk) => {
    chunks.push(chunk);
  });
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Runs a tool and hands on what it writes to stdout, no faster than it is taken. Ends when the tool and everything that it
 * started have let go of their output, so nothing of it is left running afterwards. An error of `onChunk` ends the tool.
 *
 * @throws ToolError, the signal's reason, or the error of `onChunk`
 */
export async function streamTool(call: ToolCall, onChunk: (chunk: Buffer) => void | Promise<void>): Promise<void> {
  call.signal?.throwIfAborted();
  const wanted = [call.tool, ...call.args];
  const [command, ...args] = boundTo(
    IF_PARENT_IS,
    String(process.pid),
    call.guarded === true ? guarded(wanted) : wanted,
  );
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe', ...(call.inherit ?? [])],
    detached: true,
    env: { ...toolEnvironment(), ...call.environment },
  });
  let stderr = '';
  let timedOut = false;
  const kill = () => {
    killGroup(child.pid);
  };
  const timer =
    call.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          kill();
        }, call.timeoutMs);
  call.signal?.addEventListener('abort', kill, { once: true });
  const output = { letGo: false };
  let straggler: NodeJS.Timeout | undefined;
  if (call.guarded === true) {
    child.once('exit', () => {
      kill();
      // What has left the group (setsid) may hold the output for ever: its end is not waited for.
      straggler = setTimeout(() => {
        output.letGo = true;
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, LET_GO_AFTER_MS);
    });
  }
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('close', (code, signal) => {
      if (timedOut) resolve(`no answer within ${String(call.timeoutMs)} ms`);
      else if (signal !== null) resolve(`signal ${signal}`);
      else resolve(code === 0 ? undefined : `exit status ${String(code)}`);
    });
  });
  try {
    if (child.pid === undefined) throw new ToolError(call.tool, `cannot be started: ${(await ended) ?? ''}`, '');
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-4096);
    });
    try {
      for await (const chunk of child.stdout as AsyncIterable<Buffer>) await onChunk(chunk);
    } catch (error) {
      if (!output.letGo) {
        kill();
        await ended;
        call.signal?.throwIfAborted();
        throw error;
      }
    }
    const status = await ended;
    call.signal?.throwIfAborted();
    if (status !== undefined) throw new ToolError(call.tool, status, redact(stderr.trim()), timedOut);
  } finally {
    clearTimeout(timer);
    clearTimeout(straggler);
    call.signal?.removeEventListener('abort', kill);
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A short text for people from any error. */
export function errorText(error: unknown): string {
  return redact(error instanceof Error ? error.message : String(error));
}
