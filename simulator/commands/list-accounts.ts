import { apiDate } from '../answers/dates';
import { userAnswer } from '../answers/user';
import { checkAccess } from '../call';
import type { Call, Command } from '../call';
import { like, pageOf, sameText } from '../listing';
import { pagingParameters, scopeParameters } from '../parameters';
import { isProjectAccount } from '../projects';
import { limitOf, usage } from '../resource-limits';
import type { ResourceName } from '../resource-names';
import type { AccountRow, JsonObject } from '../rows';

/** The resources in the order and by the names of the answer's fields. */
const SHOWN = {
  vm: 'user_vm',
  ip: 'public_ip',
  volume: 'volume',
  snapshot: 'snapshot',
  backup: 'backup',
  backupstorage: 'backup_storage',
  template: 'template',
  project: 'project',
  network: 'network',
  vpc: 'vpc',
  cpu: 'cpu',
  memory: 'memory',
  gpu: 'gpu',
  primarystorage: 'primary_storage',
  secondarystorage: 'secondary_storage',
  bucket: 'bucket',
  objectstorage: 'object_storage',
} as const satisfies Record<string, ResourceName>;
type ShownName = keyof typeof SHOWN;

/** listAccounts with their limits and use. */
export const listAccounts: Command = {
  name: 'listAccounts',
  parameters: {
    ...pagingParameters,
    ...scopeParameters,
    id: { type: 'id', entity: 'Account' },
    name: { type: 'text' },
    accounttype: { type: 'long' },
    state: { type: 'text' },
  },
  run(call) {
    const { world, arguments: given } = call;
    const wantedType = given.long('accounttype');
    const [name, state, keyword] = [given.text('name'), given.text('state'), given.text('keyword')];
    const found = accountsInScope(call).filter(
      (account) =>
        !isProjectAccount(world, account.id) &&
        (name === undefined || sameText(account.name, name)) &&
        (wantedType === undefined || (account.role === 'admin' ? 1 : 0) === wantedType) &&
        sameText(state ?? 'enabled', 'enabled') &&
        (keyword === undefined || like(account.name, keyword)),
    );
    return pageOf(call, 'account', found, (account) => accountAnswer(call, account), 'as listed');
  },
};

/** The caller's own account, or others for a root admin that asks by `id`, `domainid` or `listall` (QueryManagerImpl). */
function accountsInScope(call: Call): AccountRow[] {
  const { world, caller, arguments: given } = call;
  if (given.names('id')) {
    const account = world.account(given.required('id'));
    checkAccess(caller, { accountId: account.id });
    return [account];
  }
  const all = caller.role === 'admin' && (given.flag('listall') === true || given.names('domainid'));
  return all ? [...world.accounts.values()] : [caller];
}

/** Secondary storage is counted in fractions, and written so even when there is none. */
function available(name: string, left: number): string {
  return name === 'secondarystorage' ? left.toFixed(1) : String(left);
}

function accountAnswer(call: Call, account: AccountRow): JsonObject {
  const { world } = call;
  const admin = account.role === 'admin';
  const machines = [...world.machines.values()].filter((vm) => vm.accountId === account.id && vm.removed === null);
  const running = machines.filter((vm) => vm.state === 'Running').length;
  const used = usage(world, account);
  const resource = (name: ShownName): JsonObject => {
    const limit = limitOf(world, account, SHOWN[name]);
    const has = used[SHOWN[name]] ?? 0;
    const total = name === 'primarystorage' ? Math.round(has / 1024 ** 3) : has;
    return {
      [`${name}limit`]: limit < 0 ? 'Unlimited' : String(limit),
      [`${name}total`]: total,
      [`${name}available`]: limit < 0 ? 'Unlimited' : available(name, limit - total),
    };
  };
  const { vm, ip, volume, snapshot, backup, backupstorage, template, ...rest } = Object.fromEntries(
    (Object.keys(SHOWN) as ShownName[]).map((name) => [name, resource(name)]),
  );
  return {
    id: account.id,
    name: account.name,
    accounttype: admin ? 1 : 0,
    roleid: admin ? world.ids.adminRole : world.ids.userRole,
    roletype: admin ? 'Admin' : 'User',
    rolename: admin ? 'Root Admin' : 'User',
    domainid: world.description.rootDomainId,
    domain: 'ROOT',
    domainpath: 'ROOT',
    ...vm,
    ...ip,
    ...volume,
    ...snapshot,
    ...backup,
    ...backupstorage,
    ...template,
    vmstopped: machines.length - running,
    vmrunning: running,
    ...Object.values(rest).reduce((all, each) => ({ ...all, ...each }), {}),
    state: 'enabled',
    created: admin ? undefined : apiDate(account.created),
    user: [userAnswer(world, account)],
    isdefault: admin,
    groups: [],
    ...(call.caller.role === 'admin' && { apikeyaccess: 'INHERIT' }),
  };
}
