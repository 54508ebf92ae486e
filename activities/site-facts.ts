import type { CallOptions, CloudStackApi } from '../cloudstack/api';
import type { Clock } from '../cloudstack/clock';
import { type Facts, factsOf } from '../site/judge-site';
import { readSite } from '../site/read-site';
import type { SiteSettings } from '../site/site-settings';

/** Gives the facts, asking CloudStack again when they are older than some minutes or `fresh` is wanted. */
export type SiteFacts = (options: CallOptions & { fresh?: boolean }) => Promise<Facts>;

const KEPT_MS = 300_000;

export function makeSiteFacts(api: CloudStackApi, settings: SiteSettings, clock: Pick<Clock, 'now'>): SiteFacts {
  let known: { readonly facts: Facts; readonly at: number } | undefined;
  return async ({ fresh = false, ...options }) => {
    if (!fresh && known !== undefined && clock.now() - known.at < KEPT_MS) return known.facts;
    const facts = factsOf(await readSite(api, settings, options), settings);
    known = { facts, at: clock.now() };
    return facts;
  };
}
