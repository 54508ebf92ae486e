import type { FailureRecord } from '../domain/failures';
import type { ReplicationRequest } from '../domain/request';
import { bytesToGibUp, gibToBytes } from '../domain/sizes';
import { vmSnapshotName } from '../site/judge-appliance';
import { applianceOwner, judgeOwner } from '../site/judge-owner';
import { isRootAdmin, judgeOffering, keyOwnerOf, named, sizeLimits } from '../site/judge-site';
import { judgeSize } from '../site/judge-size';
import { freeSlots } from '../site/judge-slots';
import { releaseKnowledge } from '../site/releases';
import type { SiteAccess } from '../worker/site-access';
import { judgeProbe } from './judge-probe';
import { probeNotes } from './probe-notes';
import type { ProbedAppliance, SiteProbe } from './probe-site';
import type { ApplianceReport, OfferingReport, RequestReport, SiteReport } from './site-report';

/** Puts what was read and judged into the form that people and programs are shown. Pure. */
export function makeSiteReport(
  probe: SiteProbe,
  {
    settings,
    endpoint,
    requestsPerSecond,
  }: Pick<SiteAccess, 'settings'> & {
    readonly endpoint: string;
    readonly requestsPerSecond: number;
  },
  request?: ReplicationRequest,
): SiteReport {
  const { reading } = probe;
  const { capabilities, user } = reading;
  const { apilimitmax: max, apilimitinterval: interval } = capabilities;
  const zone = named(reading.zones, settings.zone);
  const limits = sizeLimits(reading);
  const refusals = judgeProbe(probe, settings, request);
  const own = probe.appliances.find(({ ownMacAddress, identity }) => ownMacAddress ?? identity?.ok);
  const report: Omit<SiteReport, 'notes'> = {
    site: settings.name,
    endpoint,
    server: {
      version: capabilities.cloudstackversion,
      release: releaseKnowledge(capabilities.cloudstackversion),
      clockOffsetMs: probe.clockOffsetMs ?? null,
      requestLimit: max === undefined ? null : { max, intervalSeconds: interval ?? 1 },
      requestsPerSecond,
      kvmSnapshotEnabled: capabilities.kvmsnapshotenabled ?? null,
    },
    key: {
      account: user?.account ?? null,
      domain: user?.domain ?? user?.domainid ?? null,
      role: user?.rolename ?? user?.roletype ?? null,
      rootAdmin: isRootAdmin(user),
      mayChooseVolumeIds: isRootAdmin(user),
      mayExpungeVolumes: isRootAdmin(user) ? true : (capabilities.allowuserexpungerecovervolume ?? null),
      mayList: probe.permissions,
    },
    zone: {
      configured: settings.zone,
      id: zone?.id ?? null,
      name: zone?.name ?? null,
      networkType: zone?.networktype ?? null,
      allocationState: zone?.allocationstate ?? null,
    },
    sizes: { ...limits, minBytes: gibToBytes(limits.minGib), maxBytes: gibToBytes(limits.maxGib) },
    diskOfferings: offeringsOf(probe, settings),
    quota: probe.quota ?? null,
    appliances: probe.appliances.map((appliance) => applianceReport(appliance, probe)),
    thisMachine: { macAddresses: probe.macAddresses, applianceId: own?.id ?? null },
    request: request === undefined ? null : requestReport(request, probe, settings.name, refusals),
    refusals,
  };
  return { ...report, notes: probeNotes(report, probe) };
}

function offeringsOf({ reading }: SiteProbe, settings: SiteAccess['settings']): OfferingReport[] {
  const configured = named(reading.offerings, settings.diskOffering);
  return reading.offerings.map((offering) => ({
    id: offering.id,
    name: offering.name,
    custom: offering.iscustomized,
    sizeGib: offering.iscustomized ? null : offering.disksize,
    fits: 'found' in judgeOffering(reading, { ...settings, diskOffering: offering.id }),
    configured: offering === configured,
  }));
}

function applianceReport(appliance: ProbedAppliance, { reading: { user } }: SiteProbe): ApplianceReport {
  const { id, configured, reading, ownMacAddress, identity } = appliance;
  const vm = reading?.vm;
  const key = keyOwnerOf(user);
  const limit = reading?.limit;
  const attached = reading?.attached.length;
  return {
    id,
    configured,
    name: vm?.name ?? null,
    state: vm?.state ?? null,
    hypervisor: vm?.hypervisor ?? null,
    zone: vm?.zonename ?? vm?.zoneid ?? null,
    owner: vm === undefined ? null : applianceOwner(vm),
    sameOwnerAsKey: vm === undefined || key === undefined ? null : judgeOwner(vm, {}, key) === undefined,
    dataDisks:
      limit === undefined || attached === undefined
        ? null
        : {
            attached,
            limit: limit.disks,
            limitFrom: limit.from,
            free: freeSlots({ limit: limit.disks, taken: attached }),
          },
    vmSnapshots: reading?.snapshots?.map(vmSnapshotName) ?? null,
    thisMachine:
      identity?.ok === true ? identity.how : ownMacAddress === undefined ? null : `network card ${ownMacAddress}`,
  };
}

function requestReport(
  request: ReplicationRequest,
  probe: SiteProbe,
  site: string,
  refusals: readonly FailureRecord[],
): RequestReport {
  const reading = probe.appliances.find(({ id }) => id === request.appliance)?.reading;
  const free = reading && freeSlots({ limit: reading.limit.disks, taken: reading.attached.length });
  const others = new Set(probe.appliances.map(({ id }) => id).filter((id) => id !== request.appliance));
  return {
    vm: request.source.name,
    applianceId: request.appliance,
    disks: request.disks.map((disk, index) => ({
      key: disk.key,
      sizeBytes: disk.sizeBytes,
      volumeGib: bytesToGibUp(disk.sizeBytes),
      fits: judgeSize(disk, site, sizeLimits(probe.reading)) === undefined,
      slot: free !== undefined && index < free,
    })),
    freeSlots: free ?? null,
    // what is wrong with another appliance of the site is none of this request's business
    passes: refusals.every(({ fields }) => others.has(String(fields['applianceId']))),
  };
}
