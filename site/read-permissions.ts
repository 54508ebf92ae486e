import type { Account, CallOptions, CloudStackApi } from '../cloudstack/api';
import { ifAllowed } from './if-allowed';
import type { SiteReading } from './read-site';

/** Listings that a role may lack, and whether this key may ask for them: learnt by asking. */
export type Permissions = Readonly<
  Record<'listUsers' | 'listAccounts' | 'listHypervisorCapabilities' | 'listVMSnapshot', boolean>
>;

/** Asks for the listings that the preflight can do without; the accounts are worth keeping. Only looks. */
export async function readPermissions(
  api: Pick<CloudStackApi, 'listAccounts' | 'listHypervisorCapabilities' | 'listVmSnapshots'>,
  { users }: Pick<SiteReading, 'users'>,
  options: CallOptions = {},
): Promise<{ readonly permissions: Permissions; readonly accounts: readonly Account[] | undefined }> {
  const [accounts, capabilities, snapshots] = await Promise.all([
    ifAllowed(api.listAccounts(options)),
    ifAllowed(api.listHypervisorCapabilities({ hypervisor: 'KVM' }, options)),
    ifAllowed(api.listVmSnapshots({}, options)),
  ]);
  return {
    accounts,
    permissions: {
      listUsers: users !== undefined,
      listAccounts: accounts !== undefined,
      listHypervisorCapabilities: capabilities !== undefined,
      listVMSnapshot: snapshots !== undefined,
    },
  };
}
