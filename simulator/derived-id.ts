import { createHash } from 'node:crypto';

/** A uuid of its own for something that goes with another thing (the disk offering of a service offering), the same each time. */
export function derivedId(what: string, of: string): string {
  const hex = createHash('sha1').update(`${what} of ${of}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
