import { userAnswer } from '../answers/user';
import type { Command } from '../call';
import { pageOf, scopeOf } from '../listing';
import { pagingParameters, scopeParameters } from '../parameters';

/** listUsers: the caller's own, or all with `listall` for a root admin. */
export const listUsers: Command = {
  name: 'listUsers',
  parameters: { ...pagingParameters, ...scopeParameters, id: { type: 'text' }, username: { type: 'text' } },
  run(call) {
    const { world, arguments: given } = call;
    const inScope = scopeOf(call);
    const [id, username] = [given.text('id'), given.text('username')];
    const found = [...world.accounts.values()].filter(
      (account) =>
        inScope({ accountId: account.id }) &&
        (id === undefined || account.userId === id) &&
        (username === undefined || account.name === username),
    );
    return pageOf(call, 'user', found, (account) => ({
      ...userAnswer(world, account),
      ...(call.caller.role === 'admin' && { apikeyaccess: 'INHERIT' }),
    }));
  },
};
