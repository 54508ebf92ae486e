import type { VirtualMachine } from '../cloudstack/api';
import { isCloudStackError } from '../cloudstack/errors';
import type { ApplianceSlots } from '../database/appliance-slots';
import type { VmDisks } from '../database/vm-disks';
import type { Volumes } from '../database/volumes';
import { failure } from '../domain/failures';
import { type SourceVmKey, sourceVmPath } from '../domain/names';
import { bytesToGibUp } from '../domain/sizes';
import { type PreflightInput, type PreflightSiteOutput, preflightInputSchema, type VmRef } from '../domain/step-io';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import { fenceOf } from './fence-of';
import { judgeOwner } from './judge-owner';
import { listScope } from './list-scope';
import type { SiteActivities } from './queues';
import type { Facts, SiteFacts, SiteSettings } from './site-facts';
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

/** Data disks of one VM where CloudStack does not say: what it assumes itself for an unknown hypervisor. */
const UNKNOWN_LIMIT = 6;

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
      checkSizes(input, facts);
      const appliance = await checkAppliance(work, run, input, facts);
      const existingVolumes = await existing(work, input);
      const { limit, free } = await reserveSlots(work, run, input, appliance);
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

function checkSizes({ vm, request }: PreflightInput, facts: Facts): void {
  for (const disk of request.disks) {
    const sizeGib = bytesToGibUp(disk.sizeBytes);
    const fields = { diskKey: disk.key, sizeGib, site: vm.site };
    if (sizeGib > facts.maxGib) throw failure('disk-too-large', { ...fields, limitGib: facts.maxGib });
    if (sizeGib < facts.minGib) throw failure('disk-too-small', { ...fields, limitGib: facts.minGib });
  }
}

async function checkAppliance(
  work: PreflightWork,
  run: ActivityRun,
  { vm, request }: PreflightInput,
  facts: Facts,
): Promise<VirtualMachine> {
  const { applianceId, site } = vm;
  const configured = work.settings.applianceIds ?? [];
  // Nobody would poll the task queue of an appliance that no worker knows: said now instead of waited for.
  if (configured.length > 0 && !configured.includes(applianceId)) {
    throw failure('appliance-unknown', { applianceId, site, configured: configured.join(', ') });
  }
  const [appliance] = await work.api.listVirtualMachines(
    { id: applianceId, listAll: true, ...listScope(vm) },
    { signal: run.signal },
  );
  if (appliance === undefined) throw failure('appliance-missing', { applianceId, site });
  const { name, state } = appliance;
  if (state !== 'Running') throw failure('appliance-not-running', { applianceId, name, state });
  if (appliance.zoneid !== undefined && appliance.zoneid !== facts.zone.id) {
    const zone = appliance.zonename ?? appliance.zoneid;
    throw failure('appliance-elsewhere', { applianceId, zone, site, siteZone: facts.zone.name });
  }
  const mismatch = judgeOwner(appliance, request, facts.keyOwner);
  if (mismatch !== undefined) throw failure('owner-mismatch', { applianceId, ...mismatch });
  return appliance;
}

/**
 * Volumes that the request's disks have from earlier runs. Those that this run made itself, in an earlier provisioning round or
 * before a reset, are its own business.
 */
async function existing(
  work: PreflightWork,
  { vm, request }: PreflightInput,
): Promise<PreflightSiteOutput['existingVolumes']> {
  const found: { diskKey: number; volumeId: string }[] = [];
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
    found.push({ diskKey: known.diskKey, volumeId: known.volumeId });
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
  appliance: VirtualMachine,
): Promise<{ limit: number; free: number }> {
  const { applianceId } = vm;
  const limit = await slotLimit(work, run, appliance);
  const attached = await work.api.listVolumes(
    { virtualMachineId: applianceId, type: 'DATADISK', listAll: true, ...listScope(vm) },
    { signal: run.signal },
  );
  const diskKeys = request.disks.map((disk) => disk.key);
  const wanted = diskKeys.map((diskKey) => ({ ...vm, diskKey }));
  const spokenFor = [...(await work.slots.list(applianceId)), ...wanted];
  const accounted = await countAccounted(
    work,
    spokenFor,
    attached.map((volume) => volume.id),
  );
  const foreign = attached.length - accounted;
  if (planOnly) return await planSlots(work, vm, diskKeys, limit, foreign);
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
    const free = Math.max(limit - reserved.taken, 0);
    throw failure('no-free-slots', { applianceId, free, limit, needed: diskKeys.length });
  }
  const taken = (await work.slots.list(applianceId)).length + foreign;
  return { limit, free: Math.max(limit - taken, 0) };
}

/** What reserving would come to; a plan holds no claim and leaves no trace. */
async function planSlots(
  work: PreflightWork,
  vm: VmRef,
  diskKeys: readonly number[],
  limit: number,
  foreign: number,
): Promise<{ limit: number; free: number }> {
  const slots = await work.slots.list(vm.applianceId);
  const own = slots.filter((slot) => sourceVmPath(slot) === sourceVmPath(vm)).map((slot) => slot.diskKey);
  const free = Math.max(limit - slots.length - foreign, 0);
  const needed = diskKeys.filter((diskKey) => !own.includes(diskKey)).length;
  if (needed > free) throw failure('no-free-slots', { applianceId: vm.applianceId, free, limit, needed });
  return { limit, free: free - needed };
}

/** Slots, reserved or about to be, whose disk has a volume attached to the appliance: that attachment is not counted again. */
async function countAccounted(
  work: PreflightWork,
  slots: readonly (SourceVmKey & { readonly diskKey: number })[],
  attached: readonly string[],
): Promise<number> {
  const keyOf = (slot: SourceVmKey & { readonly diskKey: number }): string =>
    `${sourceVmPath(slot)} ${String(slot.diskKey)}`;
  const known = new Set(slots.map(keyOf));
  const accounted = new Set<string>();
  for (const volumeId of attached) {
    const record = await work.volumes.get(volumeId);
    if (record !== undefined && known.has(keyOf(record))) accounted.add(keyOf(record));
  }
  return accounted.size;
}

/** The lowest limit that is listed for the appliance's hypervisor, whatever its version; a normal user may not ask. */
async function slotLimit(work: PreflightWork, run: ActivityRun, appliance: VirtualMachine): Promise<number> {
  if (work.settings.dataDiskLimit !== undefined) return work.settings.dataDiskLimit;
  if (appliance.hypervisor === undefined) return UNKNOWN_LIMIT;
  try {
    const listed = await work.api.listHypervisorCapabilities(
      { hypervisor: appliance.hypervisor },
      { signal: run.signal },
    );
    const limits = listed.flatMap(({ maxdatavolumeslimit }) =>
      maxdatavolumeslimit === undefined ? [] : [maxdatavolumeslimit],
    );
    return limits.length === 0 ? UNKNOWN_LIMIT : Math.min(...limits);
  } catch (error) {
    if (isCloudStackError(error, 'refused', 'unauthorized')) return UNKNOWN_LIMIT;
    throw error;
  }
}
