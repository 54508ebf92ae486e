import { failure } from '../../domain/failures';

/** What the demo claims, each checked when its moment has come; the first that does not hold ends the demo. */
export class Expectations {
  readonly #held = new Set<string>();

  /** what has been seen to hold so far */
  get held(): readonly string[] {
    return [...this.#held];
  }

  /**
   * @param what - what is expected, in words
   * @param found - what there is instead
   * @throws DiskferryFailure `demo-failed`
   */
  hold(what: string, holds: boolean, found: string): void {
    if (!holds) this.fail(what, found);
    this.#held.add(what);
  }

  /** Ends the demo. Throws as {@link hold} does. */
  fail(what: string, found: string): never {
    throw failure('demo-failed', { expectation: what, found });
  }

  /** Expects two lists to hold the same, in the same order. Throws as {@link hold} does. */
  same(what: string, found: readonly string[], wanted: readonly string[]): void {
    const same = found.length === wanted.length && found.every((value, index) => value === wanted[index]);
    this.hold(what, same, `${found.join(', ') || 'nothing'} instead of ${wanted.join(', ') || 'nothing'}`);
  }
}
