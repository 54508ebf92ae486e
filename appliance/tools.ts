import type { ApplianceTools } from './ports';
import { errorText, runTool } from './processes';

/** What must be installed on an appliance, each called so that a missing plugin or filter shows too. */
const CALLS: readonly (readonly [tool: string, ...args: string[]])[] = [
  ['flock', '--version'],
  ['dd', '--version'],
  ['sync', '--version'],
  ['nbdinfo', '--version'],
  ['nbdcopy', '--version'],
  ['qemu-img', '--version'],
  ['qemu-io', '--version'],
  ['nbdkit', '--dump-plugin', 'file'],
  ['nbdkit', '--filter=offset', '--dump-plugin', 'nbd'],
];

/** Tools do not go away while they are in use: what was proven a moment ago is not asked again for every request. */
const PROVEN_FOR_MS = 60_000;

/** Checks the tools of an appliance; setpriv is proven by each of them, since all run behind it. */
export function makeApplianceTools(now: () => number = Date.now): ApplianceTools {
  let provenAt = Number.NEGATIVE_INFINITY;
  return {
    check: async () => {
      if (now() - provenAt < PROVEN_FOR_MS) return { ok: true };
      for (const [tool, ...args] of CALLS) {
        try {
          await runTool({ tool, args, timeoutMs: 30_000 });
        } catch (error) {
          return { ok: false, tool, evidence: errorText(error) };
        }
      }
      provenAt = now();
      return { ok: true };
    },
  };
}
