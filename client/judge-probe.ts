import type { DiskferryFailure, FailureRecord } from '../domain/failures';
import type { ReplicationRequest } from '../domain/request';
import { judgeAppliance, judgeConfigured, judgeVmSnapshots } from '../site/judge-appliance';
import { judgeQuota, volumesNeeded } from '../site/judge-quota';
import { judgeOffering, judgeZone, keyOwnerOf, sizeLimits } from '../site/judge-site';
import { judgeSize } from '../site/judge-size';
import { judgeSlots } from '../site/judge-slots';
import { refusalOf } from '../site/judged';
import type { SiteSettings } from '../site/site-settings';
import type { ProbedAppliance, SiteProbe } from './probe-site';

/**
 * Everything that would be refused, by the rules of the preflight, which stops at the first: of the site, of each configured
 * appliance and, where there is one, of the request.
 */
export function judgeProbe(probe: SiteProbe, settings: SiteSettings, request?: ReplicationRequest): FailureRecord[] {
  const { reading, quota } = probe;
  const site = settings.name;
  const zone = judgeZone(reading, settings);
  const offering = judgeOffering(reading, settings);
  const zoneFound = 'found' in zone ? zone.found : undefined;
  const key = keyOwnerOf(reading.user);

  const ofAppliance = (appliance: ProbedAppliance): (DiskferryFailure | undefined)[] => {
    const isRequested = request?.appliance === appliance.id;
    const owner = isRequested ? request : ownerOf(appliance, reading.user?.accounttype);
    const vm = appliance.reading?.vm;
    const judged = judgeAppliance(vm, { applianceId: appliance.id, site, zone: zoneFound, keyOwner: key, owner });
    if (appliance.reading === undefined || !('found' in judged)) return [refusalOf(judged)];
    const { attached, limit, snapshots } = appliance.reading;
    const needed = isRequested ? request.disks.length : 1;
    return [
      judgeVmSnapshots(judged.found, snapshots),
      judgeSlots({ applianceId: appliance.id, limit: limit.disks, taken: attached.length, needed }),
    ];
  };

  const judgedAppliances = probe.appliances.filter(({ configured, id }) => configured || request?.appliance === id);
  const ofOwnAccount = request === undefined || (request.account === undefined && request.projectId === undefined);
  const needed = volumesNeeded(request?.disks ?? []);
  const found = [
    refusalOf(zone),
    refusalOf(offering),
    ...(request === undefined ? [] : [judgeConfigured(request.appliance, site, settings.applianceIds ?? [])]),
    ...(request?.disks ?? []).map((disk) => judgeSize(disk, site, sizeLimits(reading))),
    ...judgedAppliances.flatMap(ofAppliance),
    // Without a request: whether the least volume could be made.
    ...(ofOwnAccount ? judgeQuota(quota, request === undefined ? { volumes: 1, gib: 1 } : needed, site) : []),
  ];
  return found.flatMap((refusal) => (refusal === undefined ? [] : [refusal.record]));
}

/** An admin's key may make volumes for the appliance's owner when a request says so, a normal user's for itself alone. */
function ownerOf(
  { reading }: ProbedAppliance,
  accountType: number | undefined,
): Pick<ReplicationRequest, 'account' | 'domainId' | 'projectId'> {
  if (reading === undefined || accountType === undefined || accountType === 0) return {};
  const { account, domainid: domainId, projectid: projectId } = reading.vm;
  return projectId === undefined ? { account, domainId } : { projectId };
}
