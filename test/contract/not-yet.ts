/**
 * Fixtures that the simulator does not pass yet. The suite fails when one of these passes, so that the list can only shrink, and
 * it is empty when the simulator is done.
 */
export const notYet: readonly string[] = [];
