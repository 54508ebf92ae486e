import { invalidParameter, permissionDenied } from './api-error';
import type { Call } from './call';
import { usableProject } from './projects';
import type { AccountRow } from './rows';

/**
 * Whose a new thing is to be: the project's or the `account`'s that the call names, else the caller's.
 *
 * @throws ApiError 431 for an account that is not there, 531 for one that is not the caller's
 */
export function ownerOf({ world, caller, arguments: given }: Call): AccountRow {
  const projectId = given.text('projectid');
  if (projectId !== undefined && projectId !== '') {
    return world.account(usableProject(world, caller, projectId).accountId);
  }
  const name = given.text('account');
  if (name === undefined || name === '' || name === caller.name) return caller;
  if (caller.role !== 'admin') {
    throw permissionDenied('Caller does not have permission to operate with provided resource.');
  }
  const account = world.accountNamed(name);
  if (account === undefined) {
    throw invalidParameter(`Unable to find account ${name} in domain ${world.description.rootDomainId}`);
  }
  return account;
}
