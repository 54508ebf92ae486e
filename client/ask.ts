import { createInterface } from 'node:readline/promises';
import { failure } from '../domain/failures';
import type { CommandContext } from './command-context';
import { EndedWith } from './ended-with';

/** Asks a person at this process's terminal; undefined where there is none. */
export function terminalQuestion(): ((question: string) => Promise<string>) | undefined {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return undefined;
  return async (question) => {
    const lines = createInterface({ input: process.stdin, output: process.stdout });
    try {
      return await lines.question(question);
    } finally {
      lines.close();
    }
  };
}

/**
 * Goes on only when `--yes` was given or a person types yes.
 *
 * @param command - for whose help a refusal points to
 * @throws DiskferryFailure `usage` where nobody can be asked; EndedWith when the answer is no
 */
export async function askFirst(
  context: CommandContext,
  yes: boolean | undefined,
  question: string,
  command: string,
): Promise<void> {
  if (yes === true) return;
  // With --json standard output holds JSON only, and whoever reads it is no person.
  if (context.json || context.io.ask === undefined) {
    throw failure('usage', {
      problem: `${question} There is no terminal to ask at: nothing was changed. Give --yes to do it`,
      command,
    });
  }
  const answer = await context.io.ask(`${question} Type yes to go on: `);
  if (answer.trim().toLowerCase() === 'yes') return;
  context.print('Nothing was changed.');
  throw new EndedWith(1);
}
