import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../../stack/package-root';

/** What `cs` made of an answer that was no success. */
export interface PythonFailure {
  /** the exception's class */
  readonly kind: string;
  readonly status: number | null;
  readonly error: { errorcode?: number; cserrorcode?: number; errortext?: string } | null;
}

type Answer = { readonly value: unknown } | { readonly failure: PythonFailure };

/** Settings of `cs.CloudStack`, under its own names. */
export interface PythonSettings {
  readonly endpoint: string;
  readonly key: string;
  readonly secret?: string;
  readonly method?: 'get' | 'post';
  readonly poll_interval?: number;
  readonly fetch_result?: boolean;
}

/** The Python client `cs` in a process of its own; one call at a time. */
export class PythonClient {
  private readonly lines: AsyncIterator<string>;

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** @throws Error when set-up has not brought the client */
  static start(settings: PythonSettings): PythonClient {
    const site = join(packageRoot(), '.cache/python-clients');
    if (!existsSync(site)) {
      throw new Error('the Python client cs is not here; run: node tools/setup.mjs --for test');
    }
    const child = spawn('python3', [join(__dirname, 'call_cs.py')], {
      // Nothing of this machine's Python or of a proxy's settings may take part.
      env: { PATH: process.env['PATH'], PYTHONPATH: site, PYTHONDONTWRITEBYTECODE: '1', NO_PROXY: '*' },
    });
    child.stderr.pipe(process.stderr);
    const client = new PythonClient(child);
    child.stdin.write(`${JSON.stringify(settings)}\n`);
    return client;
  }

  /** Calls one command; `fetch_list` and `fetch_result` are parameters of `cs` itself. */
  async answer(command: string, parameters: object = {}): Promise<Answer> {
    this.child.stdin.write(`${JSON.stringify({ command, parameters })}\n`);
    const line = await this.lines.next();
    if (line.done === true) throw new Error('the Python client ended');
    return JSON.parse(line.value) as Answer;
  }

  /** The value of a call that must succeed. */
  async call<Value>(command: string, parameters: object = {}): Promise<Value> {
    const answer = await this.answer(command, parameters);
    if ('failure' in answer) throw new Error(`${command}: ${JSON.stringify(answer.failure)}`);
    return answer.value as Value;
  }

  /** How a call that must not succeed failed. */
  async failure(command: string, parameters: object = {}): Promise<PythonFailure> {
    const answer = await this.answer(command, parameters);
    if ('value' in answer) throw new Error(`${command} succeeded: ${JSON.stringify(answer.value)}`);
    return answer.failure;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.stdin.end();
    await ended;
  }
}
