import type { CallOptions, CloudStackApi, Snapshot, VirtualMachine, Volume } from '../cloudstack/api';
import type { FailureRecord } from '../domain/failures';
import { readDataDiskLimit } from './data-disk-limit';
import { ifAllowed } from './if-allowed';
import { judgeAppliance, judgeVmSnapshots } from './judge-appliance';
import type { AccountQuota } from './judge-quota';
import { judgeOffering, judgeZone, keyOwnerOf } from './judge-site';
import { refusalOf } from './judged';
import { readQuota } from './read-quota';
import { readSite } from './read-site';
import type { SiteSettings } from './site-settings';

/** Everything in a site's CloudStack that doctor compares. */
export interface SiteHoldings {
  /** all that the key may list, in whichever zone */
  readonly volumes: readonly Volume[];
  readonly machines: readonly VirtualMachine[];
  /** undefined where the key may not list them */
  readonly snapshots: readonly Snapshot[] | undefined;
  readonly appliances: readonly ApplianceUse[];
  readonly quota: AccountQuota | undefined;
  /** milliseconds by which the server's clock is ahead of this machine's; undefined when it sends no Date */
  readonly clockOffsetMs: number | undefined;
  /** what the preflight of any replication would refuse now */
  readonly refusals: readonly FailureRecord[];
}

export interface ApplianceUse {
  readonly applianceId: string;
  /** data disks that CloudStack says are attached, and how many there may be */
  readonly attached: number;
  readonly limit: number;
}

/**
 * Lists what a site holds, page by page. Sends list commands only: nothing is changed.
 *
 * @throws CloudStackError `unavailable` (retryable), `unauthorized`, `refused`
 */
export async function readHoldings(
  api: CloudStackApi,
  settings: SiteSettings,
  options: CallOptions = {},
): Promise<SiteHoldings> {
  const [reading, volumes, machines, snapshots] = await Promise.all([
    readSite(api, settings, options),
    api.listVolumes({ listAll: true }, options),
    api.listVirtualMachines({ listAll: true }, options),
    ifAllowed(api.listSnapshots({ listAll: true }, options)),
  ]);
  const keyOwner = keyOwnerOf(reading.user);
  const zone = judgeZone(reading, settings);
  const refusals = [refusalOf(zone), refusalOf(judgeOffering(reading, settings))];
  const appliances: ApplianceUse[] = [];
  for (const applianceId of settings.applianceIds ?? []) {
    const vm = machines.find(({ id }) => id === applianceId);
    refusals.push(
      refusalOf(
        judgeAppliance(vm, {
          applianceId,
          site: settings.name,
          zone: 'found' in zone ? zone.found : undefined,
          keyOwner,
          // an appliance of a project is right for requests that name the project
          owner: vm?.projectid === undefined ? {} : { projectId: vm.projectid },
        }),
      ),
    );
    if (vm === undefined) continue;
    const [limit, vmSnapshots] = await Promise.all([
      readDataDiskLimit(api, vm, settings, options),
      ifAllowed(api.listVmSnapshots({ virtualMachineId: vm.id, listAll: true }, options)),
    ]);
    refusals.push(judgeVmSnapshots(vm, vmSnapshots));
    const attached = volumes.filter((volume) => volume.virtualmachineid === vm.id && volume.type !== 'ROOT').length;
    appliances.push({ applianceId, attached, limit: limit.disks });
  }
  return {
    volumes,
    machines,
    snapshots,
    appliances,
    quota: await readQuota(api, keyOwner, options),
    clockOffsetMs: api.seenClockOffset(),
    refusals: refusals.flatMap((refusal) => (refusal === undefined ? [] : [refusal.record])),
  };
}
