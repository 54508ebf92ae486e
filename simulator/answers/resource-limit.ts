import { limitOf } from '../resource-limits';
import { resourceNames } from '../resource-names';
import type { ResourceName } from '../resource-names';
import type { AccountRow, JsonObject } from '../rows';
import type { World } from '../world';

/** What an account may have of a resource, as `listResourceLimits` shows it; storage in GiB, -1 for no limit. */
export function resourceLimitAnswer(world: World, account: AccountRow, resource: ResourceName): JsonObject {
  return {
    account: account.name,
    domainid: world.description.rootDomainId,
    domain: 'ROOT',
    domainpath: 'ROOT',
    resourcetype: String(resourceNames.indexOf(resource)),
    resourcetypename: resource,
    max: limitOf(world, account, resource),
  };
}
