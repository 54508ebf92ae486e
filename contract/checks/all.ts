import type { ScenarioResult, Stage } from '../replay';
import { Trial } from './check';
import type { Check } from './check';
import { machineChecks } from './machines';
import { serverChecks } from './server';
import { volumeChecks } from './volumes';

export const checks: readonly Check[] = [...volumeChecks, ...machineChecks, ...serverChecks];

/** Runs one check as if it were a scenario of one step. The world must be as the fixtures' README says. */
export async function runCheck(stage: Stage, check: Check, controlUrl?: string): Promise<ScenarioResult> {
  const scenario = `check: ${check.name}`;
  if (check.needsControl === true && controlUrl === undefined) {
    return { scenario, leftOut: "it needs the simulator's switches", steps: [], made: [] };
  }
  const trial = new Trial(stage, controlUrl);
  try {
    await stage.preparer.arrange({ enforced: false, throttled: false, unhurried: false }, []);
    await check.run(trial);
  } catch (error) {
    trial.differences.push(error instanceof Error ? error.message : String(error));
  }
  const differences = trial.differences.map(
    (here) => ({ kind: 'value', path: 'check', recorded: check.about, here }) as const,
  );
  return { scenario, steps: [{ step: 0, note: check.about, command: 'check', differences }], made: trial.made };
}
