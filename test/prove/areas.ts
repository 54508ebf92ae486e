import type { Proving } from './area';
import { startFailoverProving } from './failover/runner';

/** What `npm run prove -- AREA` can run; without an area it runs all of them. */
export const areas: Readonly<Record<string, () => Promise<Proving>>> = {
  failover: startFailoverProving,
};
