/**
 * The one way in which an activity changes the world. Each change has a name, listed in domain/steps.ts, and a failpoint on either
 * side, so that a test can fail or kill it before it came and after it came, and can prove that nothing is lost or left over.
 */
export type Effect = <T>(name: string, act: () => Promise<T>) => Promise<T>;

export type EffectSide = 'before' | 'after';

/** Asked on both sides of every effect. May throw (the activity fails there) or never come back (the process dies there). */
export type Failpoint = (effect: string, side: EffectSide) => void | Promise<void>;

/** Makes the effect function of a worker or a test; without a failpoint it only acts. */
export function makeEffect(failpoint?: Failpoint): Effect {
  if (failpoint === undefined) return (_name, act) => act();
  return async (name, act) => {
    await failpoint(name, 'before');
    const result = await act();
    await failpoint(name, 'after');
    return result;
  };
}
