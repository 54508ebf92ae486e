import ms from 'ms';
import { z } from 'zod';

/** A duration as people write it: `60s`, `5m`, `1h`, `2 days`; given on as it was written. */
export const durationSchema = z
  .string()
  .refine(
    (text) => /^\d.*[a-z]$/i.test(text) && durationToMs(text) !== undefined,
    'must be a duration such as 500ms, 60s, 5m, 1h or 2d',
  );

/** Milliseconds of a duration accepted by {@link durationSchema}. */
export function milliseconds(duration: string): number {
  const value = durationToMs(duration);
  if (value === undefined) throw new RangeError(`not a duration: ${JSON.stringify(duration)}`);
  return value;
}

function durationToMs(text: string): number | undefined {
  // ms types its argument as a template of known units; anything else makes it answer undefined, which is what is asked here.
  const value: number | undefined = text.length > 0 && text.length <= 100 ? ms(text as ms.StringValue) : undefined;
  return value !== undefined && Number.isFinite(value) && value >= 0 ? value : undefined;
}
