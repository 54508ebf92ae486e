import type { CallOptions, CloudStackApi } from '../cloudstack/api';
import { ifAllowed } from './if-allowed';
import type { KeyOwner } from './judge-owner';
import { quotaOf, type AccountQuota } from './judge-quota';

/** The limits of the key's own account; undefined where it cannot be told or may not be listed. Only looks. */
export async function readQuota(
  api: Pick<CloudStackApi, 'listAccounts'>,
  owner: KeyOwner | undefined,
  options: CallOptions = {},
): Promise<AccountQuota | undefined> {
  if (owner === undefined) return undefined;
  const accounts = (await ifAllowed(api.listAccounts(options))) ?? [];
  const own = accounts.find(({ name, domainid }) => name === owner.account && domainid === owner.domainid);
  return own && quotaOf(own);
}
