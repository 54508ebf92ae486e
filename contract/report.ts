import type { Difference } from './compare';
import type { ScenarioResult, StepResult } from './replay';

/** What differs, one line each; empty when the scenario was replayed whole and agrees. */
export function failuresOf(result: ScenarioResult): string[] {
  return [
    ...(result.leftOut === undefined ? [] : [`left out: ${result.leftOut}`]),
    ...result.steps.flatMap((step) =>
      step.differences.map((difference) => `${titleOf(step)}: ${sentence(difference)}`),
    ),
  ];
}

/** For people: a line per scenario, below it what differs and what was left out. */
export function textReport(results: readonly ScenarioResult[]): string {
  const lines: string[] = [];
  for (const result of results) {
    const { agreed, differ, leftOut } = countsOf(result);
    const counts = [`${String(agreed)} steps agree`];
    if (differ > 0) counts.push(`${String(differ)} differ`);
    if (leftOut > 0) counts.push(`${String(leftOut)} not compared`);
    lines.push(`${verdictOf(result).padEnd(8)} ${result.scenario}: ${counts.join(', ')}`);
    if (result.leftOut !== undefined) lines.push(`         left out: ${result.leftOut}`);
    for (const step of result.steps) {
      if (step.differences.length > 0) lines.push(`         ${titleOf(step)}`);
      for (const difference of step.differences) lines.push(`           ${sentence(difference)}`);
    }
  }
  const verdicts = results.map(verdictOf);
  const number = (verdict: Verdict): string => String(verdicts.filter((each) => each === verdict).length);
  lines.push(`${number('agrees')} scenarios agree, ${number('differs')} differ, ${number('left out')} left out`);
  return `${lines.join('\n')}\n`;
}

/** For programs. */
export function jsonReport(results: readonly ScenarioResult[]): string {
  const scenarios = results.map((result) => {
    const { agreed, differ, leftOut } = countsOf(result);
    return {
      ...{ scenario: result.scenario, verdict: verdictOf(result), leftOut: result.leftOut ?? null },
      ...{ agreed, differ, notCompared: leftOut },
      steps: result.steps.filter((step) => step.differences.length > 0 || step.leftOut !== undefined),
    };
  });
  return `${JSON.stringify(scenarios, undefined, 2)}\n`;
}

type Verdict = 'agrees' | 'differs' | 'left out';

export function verdictOf(result: ScenarioResult): Verdict {
  if (result.steps.some((step) => step.differences.length > 0)) return 'differs';
  return result.leftOut === undefined ? 'agrees' : 'left out';
}

function countsOf(result: ScenarioResult): { agreed: number; differ: number; leftOut: number } {
  const differ = result.steps.filter((step) => step.differences.length > 0).length;
  const leftOut = result.steps.filter((step) => step.leftOut !== undefined && step.differences.length === 0).length;
  return { agreed: result.steps.length - differ - leftOut, differ, leftOut };
}

function titleOf(step: StepResult): string {
  return `step ${String(step.step)}, ${step.command || 'no command'} (${step.note})`;
}

function sentence({ kind, path, recorded, here }: Difference): string {
  return `${path === kind ? kind : `${kind} ${path}`}: recorded ${recorded}, here ${here}`;
}
