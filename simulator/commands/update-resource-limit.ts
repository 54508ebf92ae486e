import { resourceLimitAnswer } from '../answers/resource-limit';
import { invalidParameter } from '../api-error';
import type { Command } from '../call';
import { setLimit } from '../resource-limits';
import { resourceAsked } from './list-resource-limits';

/** updateResourceLimit of an account, by an admin. Synchronous. Domains have no limits here: the only one is the root. */
export const updateResourceLimit: Command = {
  name: 'updateResourceLimit',
  parameters: {
    resourcetype: { type: 'long', required: true },
    account: { type: 'text' },
    domainid: { type: 'id', entity: 'Domain' },
    max: { type: 'long' },
  },
  run(call) {
    const { world, caller, arguments: given } = call;
    const name = given.filled('account');
    const account = name === undefined ? caller : world.accountNamed(name);
    if (account === undefined) {
      throw invalidParameter(`Unable to find account ${String(name)} in domain ${world.description.rootDomainId}`);
    }
    const resource = resourceAsked(call);
    if (resource === undefined) throw invalidParameter('Please specify a valid resource type.');
    // ResourceLimitManagerImpl: no max, or one below -1, is no limit.
    setLimit(world, account, resource, Math.max(given.long('max') ?? -1, -1));
    return { resourcelimit: resourceLimitAnswer(world, account, resource) };
  },
};
