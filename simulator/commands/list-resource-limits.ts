import { resourceLimitAnswer } from '../answers/resource-limit';
import { invalidParameter } from '../api-error';
import type { Call, Command } from '../call';
import { scopeOf } from '../listing';
import { pagingParameters, scopeParameters } from '../parameters';
import { resourceNames } from '../resource-names';
import type { ResourceName } from '../resource-names';

/** listResourceLimits of the caller's account, or of the one that an admin names. */
export const listResourceLimits: Command = {
  name: 'listResourceLimits',
  parameters: {
    ...pagingParameters,
    ...scopeParameters,
    resourcetype: { type: 'long' },
    resourcetypename: { type: 'text' },
  },
  run(call) {
    const { world, caller, arguments: given } = call;
    // Refuses an account that is not there, or not the caller's.
    scopeOf(call);
    const account = world.accountNamed(given.filled('account') ?? '') ?? caller;
    const asked = resourceAsked(call);
    const shown = asked === undefined ? resourceNames : [asked];
    return {
      count: shown.length,
      resourcelimit: shown.map((resource) => resourceLimitAnswer(world, account, resource)),
    };
  },
};

/** The resource that a call is about, by number or name. @throws ApiError 431 for one that is none */
export function resourceAsked({ arguments: given }: Call): ResourceName | undefined {
  const number = given.long('resourcetype');
  const name = given.filled('resourcetypename');
  if (number === undefined && name === undefined) return undefined;
  const found = number === undefined ? resourceNames.find((each) => each === name) : resourceNames[number];
  if (found === undefined) throw invalidParameter('Please specify a valid resource type.');
  return found;
}
