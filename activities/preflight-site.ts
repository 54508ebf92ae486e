import type { ApplianceSlots } from '../database/appliance-slots';
import type { VmDisks } from '../database/vm-disks';
import type { Volumes } from '../database/volumes';
import { type DiskferryFailure, failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { type PreflightInput, type PreflightSiteOutput, preflightInputSchema } from '../domain/step-io';
import { judgeAppliance, judgeConfigured, judgeVmSnapshots } from '../site/judge-appliance';
import { judgeQuota, volumesNeeded } from '../site/judge-quota';
import type { Facts } from '../site/judge-site';
import { judgeSize } from '../site/judge-size';
import { freeSlots, noFreeSlots } from '../site/judge-slots';
import { foundOrThrow } from '../site/judged';
import { type ApplianceReading, readAppliance, readVm } from '../site/read-appliance';
import { readQuota } from '../site/read-quota';
import type { SiteSettings } from '../site/site-settings';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import { fenceOf } from './fence-of';
import { countForeign, planSlots } from './plan-slots';
import type { SiteActivities } from './queues';
import type { SiteFacts } from './site-facts';
import type { VolumeWork } from './volume-work';

/** What preflightSite needs. */
export interface PreflightWork extends VolumeWork {
  readonly settings: SiteSettings;
  readonly facts: SiteFacts;
  readonly slots: ApplianceSlots;
  readonly disks: VmDisks;
  readonly volumes: Volumes;
  /** @throws DiskferryFailure schema-outdated */
  readonly checkSchema: () => Promise<void>;
}

/**
 * preflightSite: everything that CloudStack and the database can refuse later is asked now, before anything is made; and the slots
 * of the appliance that the disks need are reserved, so that two VMs cannot count the same free one.
 *
 * A plan (`planOnly`) asks all the same and reserves nothing.
 *
 * It is run before each provisioning round: what held an hour ago may not hold now. Slots that are reserved stay until endClaim.
 *
 * Sources: design §5 (one owner), §6 (appliance_slots); reference cloudstack-api §2.4 (limits), §2.5; fixtures probe-at-start,
 * device-ids-and-limit, permissions-of-a-normal-user.
 */
export function makePreflightSite(work: PreflightWork): SiteActivities['preflightSite'] {
  return activity(
    'preflightSite',
    work.run,
    preflightInputSchema,
    (input) => input.vm,
    async (input, run) => {
      await work.checkSchema();
      const facts = await work.facts({ signal: run.signal, fresh: true });
      for (const disk of input.request.disks) refuse(judgeSize(disk, input.vm.site, facts));
      const reading = await checkAppliance(work, run, input, facts);
      const appliance = reading.vm;
      const existingVolumes = await existing(work, input);
      await checkQuota(work, run, input, facts);
      const { limit, free } = await reserveSlots(work, run, input, reading);
      return {
        zoneId: facts.zone.id,
        zoneName: facts.zone.name,
        diskOfferingId: facts.offering.id,
        diskOfferingName: facts.offering.name,
        cloudStackVersion: facts.cloudStackVersion,
        applianceName: appliance.name,
        freeSlots: free,
        slotLimit: limit,
        mayChooseVolumeIds: facts.mayChooseVolumeIds,
        applianceMacAddresses: appliance.nic.flatMap((nic) => (nic.macaddress === undefined ? [] : [nic.macaddress])),
        existingVolumes,
      } satisfies PreflightSiteOutput;
    },
  );
}

/** Throws what a judgement of the site found; `diskferry probe` shows it instead. */
function refuse(refusal: DiskferryFailure | undefined): void {
  if (refusal !== undefined) throw refusal;
}

async function checkAppliance(
  work: PreflightWork,
  run: ActivityRun,
  { vm, request }: PreflightInput,
  facts: Facts,
): Promise<ApplianceReading> {
  const { applianceId, site, projectId } = vm;
  const { settings } = work;
  refuse(judgeConfigured(applianceId, site, settings.applianceIds ?? []));
  const scope = { applianceId, projectId };
  const listed = await readVm(work.api, scope, { signal: run.signal });
  const { zone, keyOwner } = facts;
  const appliance = foundOrThrow(judgeAppliance(listed, { applianceId, site, zone, keyOwner, owner: request }));
  const reading = await readAppliance(work.api, appliance, settings, { projectId, signal: run.signal });
  refuse(judgeVmSnapshots(appliance, reading.snapshots));
  return reading;
}

/** Limits of the key's own account; those of another account, a project or a domain show when CloudStack refuses. */
async function checkQuota(
  work: PreflightWork,
  run: ActivityRun,
  { vm, request }: PreflightInput,
  facts: Facts,
): Promise<void> {
  if (request.account !== undefined || request.projectId !== undefined) return;
  const there = new Set<number>();
  for (const { diskKey, volumeId } of await work.disks.ofVm(vm)) {
    const record = await work.volumes.get(volumeId);
    if (record !== undefined && record.goneAt === undefined) there.add(diskKey);
  }
  const needed = volumesNeeded(request.disks.filter((disk) => !there.has(disk.key)));
  const quota = await readQuota(work.api, facts.keyOwner, { signal: run.signal });
  refuse(judgeQuota(quota, needed, vm.site)[0]);
}

/**
 * Volumes that the request's disks have from earlier runs. Those that this run made itself, in an earlier provisioning round or
 * before a reset, are its own business.
 */
async function existing(
  work: PreflightWork,
  { vm, request }: PreflightInput,
): Promise<PreflightSiteOutput['existingVolumes']> {
  const found: { diskKey: number; volumeId: string; volumeBytes?: number }[] = [];
  for (const known of await work.disks.ofVm(vm)) {
    const disk = request.disks.find((candidate) => candidate.key === known.diskKey);
    const record = await work.volumes.get(known.volumeId);
    if (disk === undefined || record?.goneAt !== undefined || record?.createdByFirstRunId === vm.firstRunId) continue;
    if (known.backingUuid !== undefined && disk.backingUuid !== undefined && known.backingUuid !== disk.backingUuid) {
      throw failure('disk-key-reused', {
        diskKey: known.diskKey,
        vm: sourceVmPath(vm),
        volumeId: known.volumeId,
        recorded: known.backingUuid,
        requested: disk.backingUuid,
      });
    }
    found.push({
      diskKey: known.diskKey,
      volumeId: known.volumeId,
      ...(record !== undefined && { volumeBytes: record.sizeBytes }),
    });
  }
  if (found.length > 0 && !request.overwrite) {
    const volumes = found.map(({ diskKey, volumeId }) => `disk ${String(diskKey)}: ${volumeId}`).join(', ');
    throw failure('replicated-before', { vm: sourceVmPath(vm), volumes });
  }
  return found;
}

async function reserveSlots(
  work: PreflightWork,
  run: ActivityRun,
  { vm, request, planOnly = false }: PreflightInput,
  reading: ApplianceReading,
): Promise<{ limit: number; free: number }> {
  const { applianceId } = vm;
  const diskKeys = request.disks.map((disk) => disk.key);
  if (planOnly) return await planSlots(work, vm, diskKeys, reading);
  const limit = reading.limit.disks;
  const foreign = await countForeign(work, vm, diskKeys, reading.attached);
  const reserved = await work.effect('preflight.reserveSlots', () =>
    work.database.fenced(fenceOf(vm, run), (tx) =>
      work.slots.reserve(tx, {
        site: vm.site,
        sourceId: vm.sourceId,
        sourceVmId: vm.sourceVmId,
        applianceId,
        ownerWorkflowId: run.workflowId,
        diskKeys,
        limit,
        foreign,
      }),
    ),
  );
  if (reserved.outcome === 'full') {
    throw noFreeSlots({ applianceId, limit, taken: reserved.taken, needed: diskKeys.length });
  }
  const taken = (await work.slots.list(applianceId)).length + foreign;
  return { limit, free: freeSlots({ limit, taken }) };
}
