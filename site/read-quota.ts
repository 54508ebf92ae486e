import type { Account, CallOptions, CloudStackApi } from '../cloudstack/api';
import { ifAllowed } from './if-allowed';
import type { KeyOwner } from './judge-owner';
import { quotaOf, type AccountQuota } from './judge-quota';

/** The limits of the key's own account; undefined where it cannot be told or may not be listed. Only looks. */
export async function readQuota(
  api: Pick<CloudStackApi, 'listAccounts'>,
  owner: KeyOwner | undefined,
  options: CallOptions = {},
): Promise<AccountQuota | undefined> {
  return owner === undefined ? undefined : quotaAmong(await ifAllowed(api.listAccounts(options)), owner);
}

/** The limits of one of the accounts that were listed. */
export function quotaAmong(
  accounts: readonly Account[] | undefined,
  owner: KeyOwner | undefined,
): AccountQuota | undefined {
  const own = accounts?.find(({ name, domainid }) => name === owner?.account && domainid === owner.domainid);
  return own && quotaOf(own);
}
