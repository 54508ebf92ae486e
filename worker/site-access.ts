import type { CloudStackApi } from '../cloudstack/api';
import { createCloudStackClient, type CloudStackClientOptions } from '../cloudstack/client';
import type { SiteSettings } from '../site/site-settings';
import type { SiteConfiguration, WorkerConfiguration } from './config';
import { siteKeys } from './secrets';

/** A site's CloudStack as its worker and `diskferry probe` call it. */
export interface SiteAccess {
  readonly api: CloudStackApi;
  readonly settings: SiteSettings;
}

/**
 * Reads the site's keys and makes its client; nothing is sent yet. Close the client.
 *
 * @throws DiskferryFailure `configuration-invalid` when the keys cannot be read
 */
export async function openSite(
  configuration: WorkerConfiguration,
  site: SiteConfiguration,
  { logger, watcher }: Pick<CloudStackClientOptions, 'logger' | 'watcher'> = {},
): Promise<SiteAccess> {
  const keys = await siteKeys(configuration, site);
  const { endpoint, requestsPerSecond } = site;
  return {
    api: createCloudStackClient({ endpoint, ...keys, requestsPerSecond, logger, watcher }),
    settings: { ...site, apiKey: keys.apiKey, applianceIds: [...site.appliances.keys()] },
  };
}
