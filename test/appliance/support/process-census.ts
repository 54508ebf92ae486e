import { readFile, readdir } from 'node:fs/promises';

/** Command lines of all processes that name `text` or hold a file open below it; what a finished copy must not leave. */
export async function processesNaming(text: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const zombie = state.includes(') Z ');
    if (command.includes(text) && !zombie) found.push(`${pid}: ${command.replaceAll('\0', ' ')}`);
  }
  return found;
}

/** Waits until a condition holds. */
export async function eventually(condition: () => Promise<boolean>, what: string, timeout = 10_000): Promise<void> {
  const deadline = Date.now() + timeout;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not so within ${String(timeout)} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
