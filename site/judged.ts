import type { DiskferryFailure } from '../domain/failures';

/** What was looked for, or why the site cannot be worked with: probe shows a refusal, the preflight throws it. */
export type Judged<T> = { readonly found: T } | { readonly refusal: DiskferryFailure };

/** @throws DiskferryFailure the refusal */
export function foundOrThrow<T>(judged: Judged<T>): T {
  if ('refusal' in judged) throw judged.refusal;
  return judged.found;
}

export function refusalOf(judged: Judged<unknown>): DiskferryFailure | undefined {
  return 'refusal' in judged ? judged.refusal : undefined;
}
