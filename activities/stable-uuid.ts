import { createHash } from 'node:crypto';

/**
 * The same uuid for the same text, for rows that two attempts beside each other must not both write. Never for an id in
 * CloudStack: one that was expunged is refused for ever, and a reset run would ask for it again.
 */
export function stableUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
