import { permissionDenied } from '../api-error';
import { userAnswer } from '../answers/user';
import type { Command } from '../call';
import { like, pageOf, sameText, scopeOf } from '../listing';
import { pagingParameters, scopeParameters } from '../parameters';
import { isProjectAccount } from '../projects';

/** listUsers: a user sees itself, a root admin also others by `id` or `listall`. Every account has one user. */
export const listUsers: Command = {
  name: 'listUsers',
  parameters: {
    ...pagingParameters,
    ...scopeParameters,
    id: { type: 'id', entity: 'User' },
    username: { type: 'text' },
    state: { type: 'text' },
  },
  run(call) {
    const { world, caller, arguments: given } = call;
    const id = given.names('id') ? given.text('id') : undefined;
    if (caller.role !== 'admin' && id !== undefined && id !== caller.userId) {
      throw permissionDenied('Calling user is not authorized to see the user requested by id');
    }
    const inScope = scopeOf(call);
    const [username, state, keyword] = [given.text('username'), given.text('state'), given.text('keyword')];
    const found = [...world.accounts.values()].filter(
      (account) =>
        !isProjectAccount(world, account.id) &&
        inScope({ accountId: account.id }) &&
        (id === undefined || account.userId === id) &&
        (username === undefined || sameText(account.name, username)) &&
        sameText(state ?? 'enabled', 'enabled') &&
        (keyword === undefined || like(account.name, keyword)),
    );
    return pageOf(
      call,
      'user',
      found,
      (account) => ({
        ...userAnswer(world, account),
        ...(caller.role === 'admin' && { apikeyaccess: 'INHERIT' }),
      }),
      'as listed',
    );
  },
};
