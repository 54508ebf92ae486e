import { jobStatusOf, startedJobOf } from './recording';
import type { Step } from './recording';

/**
 * The steps in the order in which they are sent: of two requests for one volume that were sent at once, the one that won in the
 * recording comes first.
 */
export function inOrderOfWinning(steps: readonly Step[]): Step[] {
  const ordered = [...steps];
  for (const [index, step] of steps.entries()) {
    const next = steps[index + 1];
    if (next === undefined || ordered[index] !== step) continue;
    const sameVolume = step.params['id'] !== undefined && step.params['id'] === next.params['id'];
    const race = sameVolume && step.params['virtualmachineid'] !== next.params['virtualmachineid'];
    if (race && step.as === next.as && endOf(steps, step) === 2 && endOf(steps, next) === 1) {
      ordered[index] = next;
      ordered[index + 1] = step;
    }
  }
  return ordered;
}

/** How the job ended that a step started: 1 done, 2 failed. */
function endOf(steps: readonly Step[], step: Step): number | undefined {
  const jobId = startedJobOf(step, step.body);
  return steps
    .filter((other) => jobId !== undefined && other.params['jobid'] === jobId)
    .map((other) => jobStatusOf(other.params['command'], other.body))
    .find((status) => status === 1 || status === 2);
}
