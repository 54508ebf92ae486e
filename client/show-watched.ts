import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandContext } from './command-context';

/** Options of commands that can look again and again. */
export interface WatchOptions {
  readonly watch?: boolean;
  /** seconds between two looks */
  readonly every: number;
}

export interface Look {
  readonly lines: readonly string[];
  readonly json: object;
}

/** Shows what a look finds; with `--watch` until it is interrupted, whenever it is other than before. */
export async function showWatched(
  context: CommandContext,
  { watch, every }: WatchOptions,
  look: () => Promise<Look>,
): Promise<void> {
  for (let last: string | undefined; ;) {
    const { lines, json } = await look();
    const now = JSON.stringify(json);
    if (now !== last) {
      if (last !== undefined) context.print(`--- ${new Date().toISOString().slice(0, 19).replace('T', ' ')} UTC`);
      for (const line of lines) context.print(line);
      context.printJson(json);
    }
    if (watch !== true) return;
    last = now;
    await sleep(every * 1000);
  }
}
