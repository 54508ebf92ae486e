import type { Call } from './call';
import { like, sameText } from './listing';

interface Named {
  readonly id: string;
  readonly name: string;
}

/** The filters that nearly every list command has: `id` and `name` exactly, `keyword` by LIKE over the name and other texts. */
export function namedFilter({ arguments: given }: Call): (thing: Named, ...texts: readonly string[]) => boolean {
  const id = given.names('id') ? given.text('id') : undefined;
  const name = given.text('name');
  const keyword = given.text('keyword');
  return (thing, ...texts) =>
    (id === undefined || thing.id === id) &&
    (name === undefined || sameText(thing.name, name)) &&
    (keyword === undefined || [thing.name, ...texts].some((text) => like(text, keyword)));
}
