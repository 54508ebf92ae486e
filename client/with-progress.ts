import type { CommandContext } from './command-context';

const FIRST_AFTER_MS = 2_000;
const THEN_EVERY_MS = 15_000;

/** Waits for a promise; says on standard error what is waited for once it takes longer than two seconds. */
export async function withProgress<T>(
  context: CommandContext,
  what: string | (() => string),
  work: Promise<T>,
): Promise<T> {
  const since = Date.now();
  const say = (): void => {
    context.progress(
      `${typeof what === 'string' ? what : what()} (${String(Math.round((Date.now() - since) / 1000))} s)`,
    );
    timer = setTimeout(say, THEN_EVERY_MS);
  };
  let timer = setTimeout(say, FIRST_AFTER_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
