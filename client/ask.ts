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
 * Refuses at once what would be asked later with nobody to answer.
 *
 * @param what - what is to be done, as in "A live failover"
 * @param command - for whose help the refusal points to
 * @throws DiskferryFailure `usage`
 */
export function requireSomebodyToAsk(
  context: CommandContext,
  options: { readonly yes?: boolean; readonly dryRun?: boolean },
  what: string,
  command: string,
): void {
  if (options.yes === true || options.dryRun === true) return;
  // With --json standard output holds JSON only, and whoever reads it is no person.
  if (!context.json && context.io.ask !== undefined) return;
  throw failure('usage', {
    problem: `${what} is asked for first, and there is no terminal to ask at: give --yes, or look at it with --dry-run. Nothing was changed`,
    command,
  });
}

/**
 * Goes on only when a person types yes.
 *
 * @throws EndedWith when the answer is anything else, or nobody can be asked
 */
export async function askFirst(context: CommandContext, question: string): Promise<void> {
  const answer = (await context.io.ask?.(`${question} Type yes to go on: `)) ?? '';
  if (answer.trim().toLowerCase() === 'yes') return;
  context.print('Nothing was changed.');
  throw new EndedWith(1);
}
