import type { Account } from '../cloudstack/api';
import { type DiskferryFailure, failure } from '../domain/failures';
import type { DiskRequest } from '../domain/request';
import { bytesToGibUp } from '../domain/sizes';

/** A limit of an account, in whole units (volumes, GiB, MiB). */
export interface Quota {
  readonly used: number;
  /** undefined: unlimited */
  readonly limit: number | undefined;
}

/** What an account may still make. CloudStack has limits of domains and projects besides, which are not judged here. */
export interface AccountQuota {
  readonly account: string;
  readonly volumes: Quota | undefined;
  readonly primaryStorageGib: Quota | undefined;
  readonly snapshots: Quota | undefined;
  readonly machines: Quota | undefined;
  readonly cpus: Quota | undefined;
  readonly memoryMib: Quota | undefined;
}

/** What is about to be made; what is left out is not. */
export interface Needed {
  readonly volumes?: number;
  /** of primary storage */
  readonly gib?: number;
  readonly snapshots?: number;
  readonly machines?: number;
  readonly cpus?: number;
  readonly memoryMib?: number;
}

/** The limits as listAccounts gives them: `"Unlimited"` or a number as text (fixture probe-at-start). */
export function quotaOf(account: Account): AccountQuota {
  return {
    account: account.name,
    volumes: quota(account.volumetotal, account.volumelimit),
    primaryStorageGib: quota(account.primarystoragetotal, account.primarystoragelimit),
    snapshots: quota(account.snapshottotal, account.snapshotlimit),
    machines: quota(account.vmtotal, account.vmlimit),
    cpus: quota(account.cputotal, account.cpulimit),
    memoryMib: quota(account.memorytotal, account.memorylimit),
  };
}

/** What new volumes of the disks would take. */
export function volumesNeeded(disks: readonly Pick<DiskRequest, 'sizeBytes'>[]): { volumes: number; gib: number } {
  return { volumes: disks.length, gib: disks.reduce((sum, disk) => sum + bytesToGibUp(disk.sizeBytes), 0) };
}

/** Why the account could not have so much more; CloudStack refuses what goes beyond with 535, one thing at a time. */
export function judgeQuota(quotas: AccountQuota | undefined, needed: Needed, site: string): DiskferryFailure[] {
  const rows = [
    { what: 'volumes', quota: quotas?.volumes, needed: needed.volumes },
    { what: 'GiB of primary storage', quota: quotas?.primaryStorageGib, needed: needed.gib },
    { what: 'snapshots', quota: quotas?.snapshots, needed: needed.snapshots },
    { what: 'VMs', quota: quotas?.machines, needed: needed.machines },
    { what: 'CPUs', quota: quotas?.cpus, needed: needed.cpus },
    { what: 'MiB of memory', quota: quotas?.memoryMib, needed: needed.memoryMib },
  ];
  return rows.flatMap(({ what, quota: of, needed: wanted = 0 }) => {
    if (of?.limit === undefined || wanted <= 0 || of.used + wanted <= of.limit) return [];
    const free = Math.max(of.limit - of.used, 0);
    return [
      failure('quota-exceeded', { site, account: quotas?.account ?? '?', what, needed: wanted, free, limit: of.limit }),
    ];
  });
}

function quota(used: number | undefined, limit: string | undefined): Quota | undefined {
  if (used === undefined || limit === undefined) return undefined;
  const most = Number(limit);
  return { used, limit: Number.isNaN(most) || most < 0 ? undefined : most };
}
