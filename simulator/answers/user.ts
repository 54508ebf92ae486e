import type { AccountRow, JsonObject } from '../rows';
import type { World } from '../world';
import { apiDate } from './dates';

/** An account's one user as listings show it; the API key is shown, the secret key never. */
export function userAnswer(world: World, account: AccountRow): JsonObject {
  const admin = account.role === 'admin';
  return {
    id: account.userId,
    username: account.name,
    firstname: admin ? 'Admin' : 'Repl',
    lastname: 'User',
    email: `${account.name}@example.invalid`,
    created: apiDate(account.created),
    state: 'enabled',
    account: account.name,
    accounttype: admin ? 1 : 0,
    usersource: 'native',
    roleid: admin ? world.ids.adminRole : world.ids.userRole,
    roletype: admin ? 'Admin' : 'User',
    rolename: admin ? 'Root Admin' : 'User',
    domainid: world.description.rootDomainId,
    domain: 'ROOT',
    apikey: account.apiKey,
    accountid: account.id,
    iscallerchilddomain: false,
    isdefault: admin,
    is2faenabled: false,
    is2famandated: false,
  };
}
