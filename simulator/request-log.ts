/** A command that was received, as tests read it over the control endpoint. */
export interface LoggedRequest {
  readonly at: string;
  readonly method: string;
  readonly command: string;
  readonly account: string;
  /** without key, signature and expiry */
  readonly parameters: Readonly<Record<string, string>>;
}

const KEPT = 20_000;
const LEFT_OUT = new Set(['apikey', 'signature', 'signatureversion', 'expires', 'response', 'command']);

/** The authenticated requests in the order in which they came, the oldest dropped after a while. */
export class RequestLog {
  private requests: LoggedRequest[] = [];

  add(method: string, command: string, account: string, raw: ReadonlyMap<string, string>): void {
    const parameters = Object.fromEntries([...raw].filter(([name]) => !LEFT_OUT.has(name.toLowerCase())));
    this.requests.push({ at: new Date().toISOString(), method, command, account, parameters });
    if (this.requests.length > KEPT) this.requests = this.requests.slice(KEPT / 2);
  }

  list(): readonly LoggedRequest[] {
    return this.requests;
  }

  clear(): void {
    this.requests = [];
  }
}
