import type { CallOptions, Capabilities, CloudStackApi, DiskOffering, User, Zone } from '../cloudstack/api';
import { ifAllowed } from './if-allowed';
import type { SiteSettings } from './site-settings';

/** What a site's CloudStack lists for the key, not judged yet. */
export interface SiteReading {
  readonly zones: readonly Zone[];
  readonly offerings: readonly DiskOffering[];
  readonly capabilities: Capabilities;
  /** the users that the key may see; undefined where it may list none */
  readonly users: readonly User[] | undefined;
  /** the key's own user, where it can be told */
  readonly user: User | undefined;
}

/**
 * Reads what holds for a whole site and changes rarely. The preflight and `diskferry probe` both begin with it. Only looks.
 *
 * @throws CloudStackError `unavailable` (retryable), `unauthorized`, `refused`
 */
export async function readSite(
  api: Pick<CloudStackApi, 'listZones' | 'listDiskOfferings' | 'listCapabilities' | 'listUsers'>,
  settings: Pick<SiteSettings, 'apiKey'>,
  options: CallOptions = {},
): Promise<SiteReading> {
  const [zones, offerings, capabilities, users] = await Promise.all([
    api.listZones({}, options),
    api.listDiskOfferings({}, options),
    api.listCapabilities(options),
    ifAllowed(api.listUsers(options)),
  ]);
  return { zones, offerings, capabilities, users, user: ownUser(users ?? [], settings.apiKey) };
}

/** The key's own user is the one with its api key, or the only one that it may see. */
function ownUser(users: readonly User[], apiKey: string): User | undefined {
  return users.find((user) => user.apikey === apiKey) ?? (users.length === 1 ? users[0] : undefined);
}
