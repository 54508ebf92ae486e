import pLimit from 'p-limit';
import { isCloudStackError } from '../cloudstack/errors';
import type { ListedVolume } from '../database/adopt/adoption-plan';
import { failure } from '../domain/failures';
import { cloudStackFailure } from '../site/cloudstack-failure';
import type { WorkerConfiguration } from '../worker/config';
import { openSite } from '../worker/site-access';

const AT_ONCE = 4;

/**
 * Where CloudStack says that volumes are, asked of every configured site; one that no site lists is not in the answer.
 *
 * @throws DiskferryFailure of the site that does not answer: not being told is not the same as being gone
 */
export async function listVolumesOfSites(
  configuration: WorkerConfiguration,
  volumeIds: readonly string[],
): Promise<ReadonlyMap<string, ListedVolume>> {
  const found = new Map<string, ListedVolume>();
  for (const site of configuration.sites.values()) {
    const { api } = await openSite(configuration, site);
    const limit = pLimit(AT_ONCE);
    try {
      await Promise.all(
        [...new Set(volumeIds)].map((id) =>
          limit(async () => {
            const [volume] = await api.listVolumes({ id });
            if (volume === undefined) return;
            found.set(id, {
              name: volume.name,
              sizeBytes: volume.size,
              ...(volume.virtualmachineid !== undefined && { vmId: volume.virtualmachineid }),
              ...(volume.deviceid !== undefined && { deviceId: volume.deviceid }),
            });
          }),
        ),
      );
    } catch (error) {
      const known = cloudStackFailure(error, site.name);
      if (known !== undefined || !isCloudStackError(error)) throw known ?? error;
      const { command, text: cause } = error;
      throw failure('command-refused', { site: site.name, command, cause }, { cause: error });
    } finally {
      await api.close();
    }
  }
  return found;
}
