/** What activities log through; a pino logger is one. Never given a secret. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
