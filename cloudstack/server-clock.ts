/** How far ahead of now a request expires. `enforce.post.requests.and.timestamps` (4.21) allows at most 15 minutes. */
const validityMs = 10 * 60_000;
/** A difference of clocks that is worth correcting, in milliseconds; the Date header counts whole seconds. */
const noticeableMs = 2 * 60_000;

/** The `expires` parameter of a request sent at a time of the server's clock (milliseconds since 1970). */
export function expiresAfter(serverTime: number): string {
  // yyyy-MM-dd'T'HH:mm:ss+0000, one of the forms that DateUtil.parseTZDateString reads in every release
  return `${new Date(serverTime + validityMs).toISOString().slice(0, 19)}+0000`;
}

/**
 * By how many milliseconds a Date header is ahead of our clock; undefined without a usable one. CloudStack's own Jetty sends none
 * (ServerDaemon: setSendDateHeader(false)), a proxy before it does.
 */
export function clockOffset(dateHeader: string | undefined, now: number): number | undefined {
  const date = dateHeader === undefined ? Number.NaN : Date.parse(dateHeader);
  return Number.isNaN(date) ? undefined : date - now;
}

/** Whether two offsets differ by more than requests bear. */
export function offsetsDiffer(left: number, right: number): boolean {
  return Math.abs(left - right) > noticeableMs;
}

/** An offset in words: `about 11 minutes ahead of this machine's clock`. */
export function offsetInWords(offsetMs: number): string {
  const minutes = Math.round(Math.abs(offsetMs) / 60_000);
  return `about ${String(minutes)} minutes ${offsetMs > 0 ? 'ahead of' : 'behind'} this machine's clock`;
}
