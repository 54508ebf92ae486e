import { Caller } from './caller';
import type { KeyPair } from './caller';
import { cleanUp } from './clean-up';
import type { Exercise } from './exercises';
import { startOwnStage } from './own-simulator';
import { throughControlPort, throughMockCommands } from './preparer';
import type { ScenarioResult } from './replay';
import { findWorld } from './world';

/** A server that runs already. */
export interface Target {
  readonly endpoint: string;
  readonly admin: KeyPair;
  readonly user: KeyPair;
  /** URL of a simulator's switches */
  readonly control: string | undefined;
  /** leave behind what was made */
  readonly keep: boolean;
}

/** The server does not have the world of the recordings. */
export class WorldMissing extends Error {
  constructor(endpoint: string, missing: readonly string[]) {
    const list = missing.map((each) => `  ${each}\n`).join('');
    super(`${endpoint} has not the world of the recordings (test/cloudstack/fixtures/README.md). Missing:\n${list}`);
  }
}

/** Each exercise against a simulator of its own. */
export async function runAgainstSimulator(exercises: readonly Exercise[]): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (const exercise of exercises) {
    const stage = await startOwnStage();
    try {
      results.push(await exercise.run(stage, stage.control));
    } finally {
      await stage.close();
    }
  }
  return results;
}

/**
 * One after another against a server. A simulator is reset before each; elsewhere what an exercise made is removed after it.
 *
 * @throws WorldMissing when it lacks something before an exercise; Error or TypeError when it refuses the keys or nobody answers
 */
export async function runAgainst(target: Target, exercises: readonly Exercise[]): Promise<ScenarioResult[]> {
  const { endpoint, control } = target;
  const [admin, user] = [new Caller(endpoint, target.admin), new Caller(endpoint, target.user)];
  const results: ScenarioResult[] = [];
  for (const exercise of exercises) {
    if (control !== undefined) await resetSimulator(control);
    const { known, missing } = await findWorld(admin, user);
    if (missing.length > 0) throw new WorldMissing(endpoint, missing);
    const zoneId = known['zone'] ?? '';
    const preparer =
      control === undefined ? throughMockCommands(admin, zoneId) : throughControlPort(control, admin, zoneId);
    const result = await exercise.run({ admin, user, known, preparer }, control);
    results.push(result);
    if (control === undefined && !target.keep) await cleanUp(admin, result.made);
  }
  return results;
}

async function resetSimulator(control: string): Promise<void> {
  const modes = { enforcePostAndTimestamps: false, throttling: { enabled: false } };
  for (const [path, body] of [
    ['/reset', {}],
    ['/modes', modes],
  ] as const) {
    const response = await fetch(`${control}${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${control}${path}: ${await response.text()}`);
  }
}
