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

/** Checks the tools of an appliance; setpriv is proven by each of them, since all run behind it. */
export const applianceTools: ApplianceTools = {
  check: async () => {
    for (const [tool, ...args] of CALLS) {
      try {
        await runTool({ tool, args, timeoutMs: 30_000 });
      } catch (error) {
        return { ok: false, tool, evidence: errorText(error) };
      }
    }
    return { ok: true };
  },
};
