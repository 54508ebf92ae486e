import { ApiError } from './api-error';
import type { AccountRow } from './rows';
import type { Modes } from './modes';

/** The request limit's refusal: 429, the delay only in the text (ApiRateLimitServiceImpl; there is no Retry-After header). */
export function requestLimitReached(retryMs: number): ApiError {
  const text = `The given user has reached his/her account api limit, please retry after [${String(retryMs)}] ms.`;
  return new ApiError(429, text);
}

/** Counts each account's requests in its interval, which begins with the first one. Root admins are exempt. */
export class RequestLimit {
  private readonly counted = new Map<string, { until: number; requests: number }>();

  /** @throws ApiError 429 */
  check(account: AccountRow, { enabled, intervalSeconds, max }: Modes['throttling']): void {
    if (!enabled || account.role === 'admin') return;
    const now = Date.now();
    const known = this.counted.get(account.id);
    const entry =
      known !== undefined && known.until > now ? known : { until: now + intervalSeconds * 1_000, requests: 0 };
    this.counted.set(account.id, entry);
    entry.requests += 1;
    if (entry.requests > max) throw requestLimitReached(entry.until - now);
  }
}
