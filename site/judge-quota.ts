import type { Account } from '../cloudstack/api';
import { type DiskferryFailure, failure } from '../domain/failures';
import type { DiskRequest } from '../domain/request';
import { bytesToGibUp } from '../domain/sizes';

/** A limit of an account, in whole units (volumes, GiB). */
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
}

/** The limits as listAccounts gives them: `"Unlimited"` or a number as text (fixture probe-at-start). */
export function quotaOf(account: Account): AccountQuota {
  return {
    account: account.name,
    volumes: quota(account.volumetotal, account.volumelimit),
    primaryStorageGib: quota(account.primarystoragetotal, account.primarystoragelimit),
  };
}

/** What new volumes of the disks would take. */
export function volumesNeeded(disks: readonly Pick<DiskRequest, 'sizeBytes'>[]): { volumes: number; gib: number } {
  return { volumes: disks.length, gib: disks.reduce((sum, disk) => sum + bytesToGibUp(disk.sizeBytes), 0) };
}

/** Why the account could not have so many more volumes; CloudStack refuses what goes beyond with 535, one volume at a time. */
export function judgeQuota(
  quotas: AccountQuota | undefined,
  needed: { readonly volumes: number; readonly gib: number },
  site: string,
): DiskferryFailure[] {
  const rows = [
    { what: 'volumes', quota: quotas?.volumes, needed: needed.volumes },
    { what: 'GiB of primary storage', quota: quotas?.primaryStorageGib, needed: needed.gib },
  ];
  return rows.flatMap(({ what, quota: of, needed: wanted }) => {
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
