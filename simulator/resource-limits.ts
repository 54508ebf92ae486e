import { ApiError } from './api-error';
import { projectOfAccount } from './projects';
import { atLeast } from './releases';
import { resourceNames } from './resource-names';
import type { ResourceName } from './resource-names';
import type { AccountRow } from './rows';
import type { World } from './world';

const GIB = 1024 ** 3;
const UNLIMITED = -1;

/** `max.account.*`: what an account may have when nothing else was said. Storage in GiB, memory in MiB. */
const DEFAULT_LIMITS: Readonly<Record<ResourceName, number>> = {
  user_vm: 20,
  public_ip: 20,
  volume: 20,
  snapshot: 20,
  template: 20,
  project: 10,
  network: 20,
  vpc: 20,
  cpu: 40,
  memory: 40_960,
  primary_storage: 200,
  secondary_storage: 400,
  backup: 20,
  backup_storage: 400,
  bucket: 20,
  object_storage: 400,
  gpu: 20,
};

const STORAGE: ReadonlySet<ResourceName> = new Set([
  'primary_storage',
  'secondary_storage',
  'backup_storage',
  'object_storage',
]);

/** What an account may have of a resource, storage in GiB; -1 for as much as it likes, as root admins may. */
export function limitOf(world: World, account: AccountRow, resource: ResourceName): number {
  if (account.role === 'admin') return UNLIMITED;
  const set = world.limits.get(limitId(account, resource));
  const described = world.description.accounts.find((each) => each.id === account.id)?.limits[resource];
  return set?.max ?? described ?? DEFAULT_LIMITS[resource];
}

/** Sets what an account may have of a resource, storage in GiB. */
export function setLimit(world: World, account: AccountRow, resource: ResourceName, max: number): void {
  world.limits.put({ id: limitId(account, resource), accountId: account.id, resource, max });
}

/** What an account has of each resource, storage in bytes. Destroyed volumes no longer count, expunged VMs neither. */
export function usage(world: World, account: AccountRow): Readonly<Partial<Record<ResourceName, number>>> {
  const used = { user_vm: 0, cpu: 0, memory: 0, volume: 0, primary_storage: 0, snapshot: 0 };
  for (const machine of world.machines.values()) {
    if (machine.accountId !== account.id || machine.removed !== null) continue;
    const offering = world.serviceOffering(machine.serviceOfferingId);
    used.user_vm += 1;
    used.cpu += machine.customSize?.cpus ?? offering?.cpus ?? 0;
    used.memory += machine.customSize?.memoryMib ?? offering?.memoryMib ?? 0;
  }
  for (const volume of world.volumesByAccount.of(account.id)) {
    if (volume.state === 'Destroy' || volume.state === 'Expunging') continue;
    used.volume += 1;
    used.primary_storage += volume.sizeBytes;
  }
  for (const snapshot of world.snapshots.values()) {
    if (snapshot.accountId === account.id && snapshot.removed === null) used.snapshot += 1;
  }
  const networks = world.description.networks.filter((network) => network.account === account.name).length;
  // A snapshot on the simulated secondary storage shows a physical size of 0 (fixture volume-snapshots).
  return { ...used, network: networks, secondary_storage: 0 };
}

/**
 * Refuses what would go beyond an account's limit. Amounts of storage are in bytes.
 *
 * @throws ApiError 535 with 4370 (ResourceAllocationException); in a job it becomes 530
 */
export function checkLimits(
  world: World,
  account: AccountRow,
  wanted: Readonly<Partial<Record<ResourceName, number>>>,
): void {
  if (account.role === 'admin') return;
  const used = usage(world, account);
  for (const resource of resourceNames) {
    const amount = wanted[resource];
    const limit = limitOf(world, account, resource);
    if (amount === undefined || limit === UNLIMITED) continue;
    const has = used[resource] ?? 0;
    const most = STORAGE.has(resource) ? limit * GIB : limit;
    if (has + amount > most) throw limitExceeded(world, account, resource, { most, has, amount });
  }
}

/** ResourceLimitManagerImpl.checkAccountResourceLimit; the tag came with 4.20. The root domain's internal number is 1. */
function limitExceeded(
  world: World,
  account: AccountRow,
  resource: ResourceName,
  counts: { readonly most: number; readonly has: number; readonly amount: number },
): ApiError {
  const show = (count: number): string => (STORAGE.has(resource) ? readable(count) : String(count));
  const tag = atLeast(world.modes.version, '4.20') ? ", tag = 'null'" : '';
  return new ApiError(
    535,
    `Maximum amount of resources of Type = '${resource}'${tag} for ${ownerText(world, account)} in Domain Id = 1 is exceeded: ` +
      `Account Resource Limit = ${show(counts.most)}, Current Account Resource Amount = ${show(counts.has)}, ` +
      `Current Account Resource Reservation = ${show(0)}, Requested Resource Amount = ${show(counts.amount)}.`,
    4370,
  );
}

function ownerText(world: World, account: AccountRow): string {
  const project = projectOfAccount(world, account.id);
  return project === undefined ? `Account Name = ${account.name}` : `Project Name = ${project.name}`;
}

/** NumbersUtil.toHumanReadableSize. */
function readable(bytes: number): string {
  for (const [unit, size] of [
    ['TB', 1024 ** 4],
    ['GB', GIB],
    ['MB', 1024 ** 2],
    ['KB', 1024],
  ] as const) {
    if (bytes >= size) return `(${(bytes / size).toFixed(2)} ${unit}) ${String(bytes)}`;
  }
  return `(${String(bytes)} bytes) ${String(bytes)}`;
}

function limitId(account: AccountRow, resource: ResourceName): string {
  return `${account.id}/${resource}`;
}
