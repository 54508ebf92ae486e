import { createHmac, timingSafeEqual } from 'node:crypto';
import { unauthorized } from './api-error';
import type { AccountRow } from './rows';

/**
 * The text that is signed (ApiServer.verifyRequest): every parameter but `signature`, sorted by name as sent, names raw,
 * values encoded as Java's URLEncoder does with `+` as `%20`, all of it lower-cased.
 */
function signedText(parameters: ReadonlyMap<string, string>): string {
  return [...parameters]
    .filter(([name]) => name.toLowerCase() !== 'signature')
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, value]) => `${name}=${javaUrlEncode(value)}`)
    .join('&')
    .toLowerCase();
}

/** HMAC-SHA1 of {@link signedText}, Base64 with padding. */
export function signatureOf(parameters: ReadonlyMap<string, string>, secretKey: string): string {
  return createHmac('sha1', secretKey).update(signedText(parameters), 'utf8').digest('base64');
}

/** java.net.URLEncoder leaves letters, digits and `-_.*` alone and nothing else: `~` and `!'()` are encoded, `*` is not. */
function javaUrlEncode(value: string): string {
  return encodeURIComponent(value).replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
}

interface AuthenticationRules {
  /** `enforce.post.requests.and.timestamps` */
  readonly enforceTimestamps: boolean;
  readonly now: number;
}

/** The furthest that `expires` may lie ahead when timestamps are enforced. */
const FURTHEST_EXPIRY_MS = 15 * 60_000;

/**
 * Who sent the request.
 *
 * @throws ApiError 401, the same for an unknown key, a wrong signature and a missing, past or unreadable expiry
 */
export function authenticate(
  parameters: ReadonlyMap<string, string>,
  accountOfKey: (apiKey: string) => AccountRow | undefined,
  rules: AuthenticationRules,
): AccountRow {
  const apiKey = anyCase(parameters, 'apikey');
  const signature = anyCase(parameters, 'signature');
  if (apiKey === undefined || signature === undefined) throw unauthorized();
  const timestamped = anyCase(parameters, 'signatureversion') === '3';
  if (timestamped) {
    const expires = parseExpiry(anyCase(parameters, 'expires'));
    if (expires === undefined || expires <= rules.now) throw unauthorized();
    if (rules.enforceTimestamps && expires > rules.now + FURTHEST_EXPIRY_MS) throw unauthorized();
  } else if (rules.enforceTimestamps) throw unauthorized();
  const account = accountOfKey(apiKey);
  if (account === undefined) throw unauthorized();
  const expected = Buffer.from(signatureOf(parameters, account.secretKey));
  const given = Buffer.from(signature);
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) throw unauthorized();
  return account;
}

/** ISO date with `Z`, `+00:00` or `+0000`, with or without a fraction (DateUtil.parseTZDateString); epoch milliseconds. */
function parseExpiry(text: string | undefined): number | undefined {
  const parts = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)(Z|[+-]\d{2}:?\d{2})$/.exec(text ?? '');
  if (parts?.[1] === undefined || parts[2] === undefined) return undefined;
  const zone = parts[2].replace(/^([+-]\d{2})(\d{2})$/, '$1:$2');
  const time = Date.parse(`${parts[1]}${zone}`);
  return Number.isNaN(time) ? undefined : time;
}

function anyCase(parameters: ReadonlyMap<string, string>, wanted: string): string | undefined {
  for (const [name, value] of parameters) if (name.toLowerCase() === wanted) return value;
  return undefined;
}
