import { setTimeout as pause } from 'node:timers/promises';

/** Waits for a state by asking for it. Throws when it has not come within `timeoutMs`. */
export async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 45_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`did not come within ${String(timeoutMs)} ms: ${holds.toString()}`);
    await pause(20);
  }
}
