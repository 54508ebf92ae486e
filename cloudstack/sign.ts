import { createHmac } from 'node:crypto';

/**
 * Request signatures as ApiServer.verifyRequest checks them. The server decodes every parameter, sorts by name as sent, encodes
 * the values again with Java's URLEncoder, joins, lower-cases the whole string and compares its HMAC-SHA1. How a value was
 * encoded on the wire does not matter, what it decodes to does.
 */

/** RequestParameters of one request, by name. Names are lower-case (map keys as given), so that every order of sorting agrees. */
export type RequestParameters = Readonly<Record<string, string>>;

/**
 * Encodes one value like Java's `URLEncoder.encode(value, UTF_8)` with `+` replaced by `%20`: only `A-Z a-z 0-9 - _ . *` stay as
 * they are. `encodeURIComponent` leaves `! ' ( ) ~` too, which Java does not (cloudstack-go, cmk and cs get 401 for a `~`).
 */
export function encodeValue(value: string): string {
  return encodeURIComponent(wellFormed(value)).replace(
    /[!'()~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The string that is signed: sorted by name, names as they are, values encoded, all in lower case. `signature` is left out. */
export function canonicalString(parameters: RequestParameters): string {
  return Object.entries(parameters)
    .filter(([name]) => name.toLowerCase() !== 'signature')
    .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
    .map(([name, value]) => `${name}=${encodeValue(value)}`)
    .join('&')
    .toLowerCase();
}

/** The signature of a request: HMAC-SHA1 of its canonical string, in Base64. It still has to be encoded for the wire. */
export function signature(parameters: RequestParameters, secretKey: string): string {
  return createHmac('sha1', secretKey).update(canonicalString(parameters)).digest('base64');
}

/** The signed request as a query string or form body, with its signature. */
export function signedForm(parameters: RequestParameters, secretKey: string): string {
  return Object.entries({ ...parameters, signature: signature(parameters, secretKey) })
    .map(([name, value]) => `${encodeValue(name)}=${encodeValue(value)}`)
    .join('&');
}

/** Half of a surrogate pair has no UTF-8; both what is signed and what is sent get U+FFFD instead, so that they agree. */
function wellFormed(value: string): string {
  return value.replace(/\p{Surrogate}/gu, '\uFFFD');
}
