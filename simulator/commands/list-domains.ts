import { apiDate } from '../answers/dates';
import type { Command } from '../call';
import { pageOf } from '../listing';
import { namedFilter } from '../named-filter';
import { pagingParameters, scopeParameters } from '../parameters';

/** listDomains: the root domain, which is all there is. Not for normal users. */
export const listDomains: Command = {
  name: 'listDomains',
  parameters: {
    ...pagingParameters,
    ...scopeParameters,
    id: { type: 'id', entity: 'Domain' },
    name: { type: 'text' },
    level: { type: 'long' },
    details: { type: 'list' },
  },
  run(call) {
    const { world, arguments: given } = call;
    const domain = { id: world.description.rootDomainId, name: 'ROOT' };
    const found = namedFilter(call)(domain) && (given.long('level') ?? 0) === 0;
    return pageOf(call, 'domain', found ? [{ number: 1 }] : [], () => ({
      ...domain,
      level: 0,
      haschild: false,
      path: 'ROOT',
      state: 'Active',
      created: apiDate(world.begun),
      secondarystoragetotal: 0,
      hasannotations: false,
    }));
  },
};
