import { stripVTControlCharacters } from 'node:util';
import ms from 'ms';
import { redact } from '../domain/redact';
import type { CommandCall, CommandEnd } from './ports';
import { streamTool, ToolError } from './processes';

/** What is kept of a command's output, in bytes: its end. */
const KEPT_BYTES = 16 * 1024;

/**
 * Runs a command of the operator's: an argument array, never a shell line. It gets no input, the variables that every tool gets
 * and those of the call, and is ended with everything in its process group when it takes too long, when the activity is cancelled,
 * or when the worker dies.
 *
 * @throws the signal's reason
 */
export async function runCommand({ command, timeoutMs, ...call }: CommandCall): Promise<CommandEnd> {
  const [tool, ...args] = command;
  const kept = new EndOfOutput();
  try {
    await streamTool({ ...call, tool, args, timeoutMs, guarded: true }, (chunk) => {
      kept.add(chunk);
    });
    return { ok: true, status: 'exit status 0', output: kept.text() };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    const status = error.timedOut ? `it was not done within ${ms(timeoutMs)} and was ended` : error.status;
    return { ok: false, status, output: kept.text() || error.stderr };
  }
}

/** The end of what a command wrote, in bounded room. */
class EndOfOutput {
  #bytes = Buffer.alloc(0);
  #cut = false;

  add(chunk: Buffer): void {
    const all = Buffer.concat([this.#bytes, chunk]);
    this.#cut ||= all.length > KEPT_BYTES;
    this.#bytes = all.subarray(-KEPT_BYTES);
  }

  /** As text without control characters and secrets. A line that lost its begin is left out: so may a secret have lost its name. */
  text(): string {
    const written = this.#bytes.toString('utf8');
    const whole = this.#cut ? written.slice(written.indexOf('\n') + 1 || written.length) : written;
    return redact(
      stripVTControlCharacters(whole)
        .replace(/\r\n?/g, '\n')
        .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
        .trim(),
    );
  }
}
