import type { Case, Catalogue } from './cases';

/** What came of a case. */
export interface Verdict {
  readonly id: string;
  /** how its runs ended, in words: one, or two when it was held and left both ways */
  readonly ends: readonly string[];
  /** empty when all was well */
  readonly problems: readonly string[];
  readonly seconds: number;
  /** effects that came */
  readonly effects: readonly string[];
}

/** A world in which cases are run one after another. After a case that was not well it is thrown away. */
export interface Proving {
  /** What is heard of one unhindered run of each scenario. @throws Error when one of them is not well */
  catalogue(): Promise<Catalogue>;
  run(one: Case): Promise<Verdict>;
  /** whether a case begins where the world stands now, so that nothing has to be done for it first */
  suits(one: Case): boolean;
  close(): Promise<void>;
}
