import { apiDate } from '../answers/dates';
import { userAnswer } from '../answers/user';
import type { Call, Command } from '../call';
import { pageOf, scopeOf } from '../listing';
import { pagingParameters, scopeParameters } from '../parameters';
import type { AccountRow, JsonObject } from '../rows';

/** What an account may have by default; admins are not limited. */
const USER_LIMITS = {
  vm: 20,
  ip: 20,
  volume: 20,
  snapshot: 20,
  backup: 20,
  backupstorage: 400,
  template: 20,
  project: 10,
  network: 20,
  vpc: 20,
  cpu: 40,
  memory: 40960,
  gpu: 20,
  primarystorage: 200,
  secondarystorage: 400,
  bucket: 20,
  objectstorage: 400,
} as const;

/** listAccounts with their limits and use. */
export const listAccounts: Command = {
  name: 'listAccounts',
  parameters: { ...pagingParameters, ...scopeParameters, id: { type: 'text' }, name: { type: 'text' } },
  run(call) {
    const inScope = scopeOf(call);
    const [id, name] = [call.arguments.text('id'), call.arguments.text('name')];
    const found = [...call.world.accounts.values()].filter(
      (account) =>
        inScope({ accountId: account.id }) &&
        (id === undefined || account.id === id) &&
        (name === undefined || account.name === name),
    );
    return pageOf(call, 'account', found, (account) => accountAnswer(call, account));
  },
};

function sumOf<Thing>(things: readonly Thing[], size: (thing: Thing) => number | undefined): number {
  return things.reduce((sum, thing) => sum + (size(thing) ?? 0), 0);
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
  const volumes = [...world.volumes.values()].filter(
    (volume) => volume.accountId === account.id && volume.removed === null,
  );
  const gib = sumOf(volumes, (volume) => volume.sizeBytes) / 1024 ** 3;
  const used: Partial<Record<keyof typeof USER_LIMITS, number>> = {
    vm: machines.length,
    cpu: sumOf(machines, (vm) => world.serviceOffering(vm.serviceOfferingId)?.cpus),
    memory: sumOf(machines, (vm) => world.serviceOffering(vm.serviceOfferingId)?.memoryMib),
    volume: volumes.length,
    network: world.description.networks.filter((network) => network.account === account.name).length,
    primarystorage: Math.round(gib),
  };
  const resource = (name: keyof typeof USER_LIMITS): JsonObject => {
    const total = used[name] ?? 0;
    return {
      [`${name}limit`]: admin ? 'Unlimited' : String(USER_LIMITS[name]),
      [`${name}total`]: total,
      [`${name}available`]: admin ? 'Unlimited' : available(name, USER_LIMITS[name] - total),
    };
  };
  const { vm, ip, volume, snapshot, backup, backupstorage, template, ...rest } = Object.fromEntries(
    (Object.keys(USER_LIMITS) as (keyof typeof USER_LIMITS)[]).map((name) => [name, resource(name)]),
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
