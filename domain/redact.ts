/** What never reaches a log, a failure text or a screen. */
const SECRET_NAME = String.raw`(?:password|passwd|passphrase|secret|token|(?:api|access|secret)[-_]?key)`;
const VALUE = String.raw`(?:"[^"]*"|'[^']*'|[^&\s'",;]+)`;
const secrets: readonly RegExp[] = [
  /([a-z][a-z0-9+.-]*:\/\/)[^/\s@?#'"]*(?=@)/gi,
  // password=…, DB_PASSWORD: …, "secretKey": "…", --token …
  new RegExp(String.raw`(${SECRET_NAME}["']?\s*[=:]\s*)${VALUE}`, 'gi'),
  new RegExp(String.raw`(--${SECRET_NAME}\s+)${VALUE}`, 'gi'),
  /(\bauthorization["']?\s*[=:]\s*["']?)[^\r\n"']+/gi,
  /(\bbearer\s+)[^\s"']+/gi,
];

/** Takes user info out of the URIs in a text, and what stands behind a name such as `password`. */
export function redact(text: string): string {
  return secrets.reduce((shown, secret) => shown.replace(secret, '$1***'), text);
}
