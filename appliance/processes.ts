import { spawn } from 'node:child_process';

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
}

/** A tool that could not be started, was ended, or said that it failed. Its text holds no user info of a URI. */
export class ToolError extends Error {
  constructor(
    readonly tool: string,
    /** `exit status 1`, `signal SIGKILL`, `no answer within 30000 ms`, or why it could not be started */
    readonly status: string,
    /** the end of what it wrote to stderr */
    readonly stderr: string,
  ) {
    super(stderr === '' ? `${tool}: ${status}` : `${stderr} (${tool}: ${status})`);
    this.name = 'ToolError';
  }
}

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
  const [command, ...args] = boundTo(IF_PARENT_IS, String(process.pid), [call.tool, ...call.args]);
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe', ...(call.inherit ?? [])],
    detached: true,
    env: toolEnvironment(),
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
      kill();
      await ended;
      call.signal?.throwIfAborted();
      throw error;
    }
    const status = await ended;
    call.signal?.throwIfAborted();
    if (status !== undefined) throw new ToolError(call.tool, status, redact(stderr.trim()));
  } finally {
    clearTimeout(timer);
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

/** Takes user info and secrets out of the URIs in a text. */
export function redact(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^/\s@?#'"]*@/gi, '$1***@')
    .replace(/([?&](?:password|passwd|secret|token)=)[^&\s'"]*/gi, '$1***');
}

/** A short text for people from any error. */
export function errorText(error: unknown): string {
  return redact(error instanceof Error ? error.message : String(error));
}
