import { checks, runCheck } from './checks/all';
import { readScenarios } from './recording';
import { replayScenario } from './replay';
import type { ScenarioResult, Stage } from './replay';

/** A recording to replay or a check to run, each in a fresh world. */
export interface Exercise {
  readonly name: string;
  run(stage: Stage, controlUrl?: string): Promise<ScenarioResult>;
}

/**
 * What there is to do: the recordings of a folder, and the checks unless it is a folder of somebody's own.
 *
 * @param names - of scenarios and checks; all when empty
 * @throws Error when a name is not known or the folder holds no recordings
 */
export function exercisesOf(folder: string, names: readonly string[], withChecks: boolean): Exercise[] {
  const recorded = readScenarios(folder).map((scenario) => ({
    name: scenario.scenario,
    run: (stage: Stage) => replayScenario(stage, scenario),
  }));
  const coded = checks.map((check) => ({
    name: check.name,
    run: (stage: Stage, controlUrl?: string) => runCheck(stage, check, controlUrl),
  }));
  const all: Exercise[] = withChecks ? [...recorded, ...coded] : recorded;
  const unknown = names.filter((name) => !all.some((exercise) => exercise.name === name));
  if (unknown.length > 0) {
    const known = all.map(({ name }) => `  ${name}\n`).join('');
    throw new Error(`there is no scenario ${unknown.map((name) => `"${name}"`).join(', ')}; there are:\n${known}`);
  }
  return all.filter(({ name }) => names.length === 0 || names.includes(name));
}
