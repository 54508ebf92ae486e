import { randomBytes, randomUUID } from 'node:crypto';
import { invalidParameter } from '../api-error';
import { apiDate } from '../answers/dates';
import { checkAccess } from '../call';
import type { Call, Command } from '../call';
import { atLeast } from '../releases';
import type { AccountRow, JsonObject } from '../rows';

const userParameter = { id: { type: 'text', required: true } } as const;

/**
 * registerUserKeys: new keys for a user, the ones before are worth nothing. Synchronous up to 4.22; from 4.23 on a job, whose result
 * tells of a key pair (reference §2.6).
 */
export const registerUserKeys: Command = {
  name: 'registerUserKeys',
  parameters: { ...userParameter, customjobid: { type: 'text', since: '4.23' } },
  run(call) {
    const account = accountOfUser(call);
    if (!atLeast(call.world.modes.version, '4.23')) return { userkeys: keysOf(renewed(call, account)) };
    return call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: 'org.apache.cloudstack.api.command.admin.user.RegisterUserKeysCmd',
      instanceType: 'None',
      instanceId: null,
      work: () => Promise.resolve({ userkeys: keyPair(renewed(call, account)) }),
    });
  },
};

/** getUserKeys: the keys that are in force. */
export const getUserKeys: Command = {
  name: 'getUserKeys',
  parameters: userParameter,
  run(call) {
    return { userkeys: keysOf(accountOfUser(call)) };
  },
};

function accountOfUser(call: Call): AccountRow {
  const userId = call.arguments.required('id');
  const account = [...call.world.accounts.values()].find((each) => each.userId === userId);
  if (account === undefined) {
    throw invalidParameter(
      `Invalid parameter id value=${userId} due to incorrect long value format, or entity does not exist or due to incorrect parameter annotation for the field in api cmd class.`,
    );
  }
  checkAccess(call.caller, { accountId: account.id });
  return account;
}

function renewed({ world }: Call, account: AccountRow): AccountRow {
  const key = (): string => randomBytes(64).toString('base64url');
  return world.accounts.put({ ...account, apiKey: key(), secretKey: key() });
}

function keysOf({ apiKey, secretKey }: AccountRow): JsonObject {
  return { apikey: apiKey, secretkey: secretKey };
}

/** One of the several pairs that a user may have from 4.23 on. */
function keyPair(account: AccountRow): JsonObject {
  return {
    ...keysOf(account),
    id: randomUUID(),
    name: `${account.name} key`,
    userid: account.userId,
    username: account.name,
    accountid: account.id,
    account: account.name,
    created: apiDate(Date.now()),
  };
}
