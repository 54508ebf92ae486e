import type { Proving, Verdict } from './area';
import type { Case } from './cases';

/**
 * Runs cases in one world: those first that begin where the world stands, so that little has to be done between them. Ends with the
 * first that is not well, since nothing that came after it in this world would prove anything.
 *
 * @returns whether all were well
 */
export async function runInOrder(
  proving: Proving,
  cases: readonly Case[],
  hear: { begins?: (one: Case) => void; verdict: (verdict: Verdict) => void },
): Promise<boolean> {
  const left = [...cases];
  for (;;) {
    const suiting = left.findIndex((one) => proving.suits(one));
    const [one] = left.splice(Math.max(0, suiting), 1);
    if (one === undefined) return true;
    hear.begins?.(one);
    const verdict = await proving.run(one);
    hear.verdict(verdict);
    if (verdict.problems.length > 0) return false;
  }
}
