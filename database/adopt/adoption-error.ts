/**
 * - `not-older`: the database is no older installation, or one that is only half there
 * - `blocked`: the assessment found what must be settled first
 * - `writers`: accounts other than ours may still write the tables
 * - `rights`: our account may not do, or see, what the adoption needs
 * - `elsewhere`: an in-place adoption of another database than the configured one
 * - `state`: there is no adoption to go on with or to take back
 * - `used`: what was adopted has been used since
 * - `unproven`: what was written, read again, is not what was meant
 */
export type AdoptionProblem =
  'not-older' | 'blocked' | 'writers' | 'rights' | 'elsewhere' | 'state' | 'used' | 'unproven';

/** An adoption that cannot be done. Not retryable; nothing was changed, or what was changed is named and can be taken back. */
export class AdoptionError extends Error {
  constructor(
    readonly problem: AdoptionProblem,
    readonly details: readonly string[],
    options?: ErrorOptions,
  ) {
    super(details.join('; '), options);
    this.name = 'AdoptionError';
  }
}
