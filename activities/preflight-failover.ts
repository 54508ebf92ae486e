import type { VirtualMachine } from '../cloudstack/api';
import type { VmOperations } from '../database/vm-operations';
import {
  type PreflightFailoverInput,
  type PreflightFailoverOutput,
  preflightFailoverInputSchema,
} from '../domain/failover-io';
import type { FailoverRequest, FailoverTarget } from '../domain/failover-request';
import { type DiskferryFailure, failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { readDataDiskLimit } from '../site/data-disk-limit';
import { judgeAppliance, judgeConfigured, judgeVmSnapshots } from '../site/judge-appliance';
import type { Facts } from '../site/judge-site';
import { judgeName, judgeNetwork, judgeServiceOffering, judgeTemplate } from '../site/judge-target';
import { foundOrThrow } from '../site/judged';
import { type ApplianceReading, readAppliance, readVm } from '../site/read-appliance';
import type { SiteSettings } from '../site/site-settings';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import { checkFailoverQuota, type NewMachine } from './check-failover-quota';
import { hookOf, type SiteCommands } from './hook-settings';
import { planSlots, type SlotWork } from './plan-slots';
import type { FailoverSiteActivities } from './queues';
import type { SiteFacts } from './site-facts';
import type { VolumeWork } from './volume-work';

/** What preflightFailover needs. */
export interface PreflightFailoverWork extends VolumeWork, SlotWork {
  readonly settings: SiteSettings;
  readonly facts: SiteFacts;
  readonly vmOperations: VmOperations;
  readonly commands: SiteCommands;
}

/**
 * preflightFailover: everything that CloudStack would refuse in the middle is asked before anything is made: offering, template,
 * networks, name, disks of one VM, VM snapshots in the way, owner, quota, slots of the appliance for what comes back. Changes nothing
 * and needs no claim, so that a dry run asks the same.
 *
 * Sources: design §5; reference cloudstack-api §2.4; fixtures failover, vm-states.
 */
export function makePreflightFailover(work: PreflightFailoverWork): FailoverSiteActivities['preflightFailover'] {
  return activity(
    'preflightFailover',
    work.run,
    preflightFailoverInputSchema,
    (input) => input.vm,
    async (input, run) => {
      const facts = await work.facts({ signal: run.signal, fresh: true });
      const reading = await checkAppliance(work, run, input, facts);
      const appliance = reading.vm;
      const { request, vm } = input;
      // The replicas' slots were given free when they left the appliance, and somebody else may have them now.
      if (input.kind === 'back') {
        const diskKeys = input.disks.map((disk) => disk.diskKey);
        await planSlots(work, vm, diskKeys, reading);
      }
      const found = 'target' in request ? await checkTarget(work, run, input, request, facts, appliance) : undefined;
      refuse(await checkFailoverQuota(work.api, run, input, facts, found?.machine));
      const { kvmsnapshotenabled } = await work.api.listCapabilities({ signal: run.signal });
      const snapshotsOfAttached =
        kvmsnapshotenabled === undefined || appliance.hypervisor !== 'KVM'
          ? 'unknown'
          : kvmsnapshotenabled
            ? 'allowed'
            : 'refused';
      const notes: string[] = [];
      if (snapshotsOfAttached === 'refused' && input.newSnapshots > 0) {
        notes.push(
          `Site ${vm.site} snapshots no volume of a running VM: the volumes are taken off the appliance, snapshotted, and attached again.`,
        );
      }
      if (work.settings.recoveryPoints === 0) {
        notes.push(
          `Site ${vm.site} keeps no recovery points: a source that dies in the middle of a cycle leaves nothing.`,
        );
      }
      const bytes = input.disks.reduce((sum, disk) => sum + disk.volumeBytes, 0);
      return {
        zoneId: facts.zone.id,
        zoneName: facts.zone.name,
        cloudStackVersion: facts.cloudStackVersion,
        mayChooseIds: facts.mayChooseVolumeIds,
        recoveryPointsKept: work.settings.recoveryPoints,
        snapshotsOfAttached,
        snapshotBytes: input.newSnapshots > 0 ? bytes : 0,
        notes,
        ...(found === undefined ? {} : { target: found.target }),
      } satisfies PreflightFailoverOutput;
    },
  );
}

/** Throws what a judgement of the site found. */
function refuse(refusal: DiskferryFailure | undefined): void {
  if (refusal !== undefined) throw refusal;
}

/** A test leaves the appliance alone, but its snapshots are of volumes that are attached there. */
async function checkAppliance(
  work: PreflightFailoverWork,
  run: ActivityRun,
  { vm, request }: PreflightFailoverInput,
  facts: Facts,
): Promise<ApplianceReading> {
  const { applianceId, site, projectId } = vm;
  refuse(judgeConfigured(applianceId, site, work.settings.applianceIds ?? []));
  const listed = await readVm(work.api, { applianceId, projectId }, { signal: run.signal });
  const owner = {
    projectId: request.projectId,
    account: 'account' in request ? request.account : undefined,
    domainId: 'domainId' in request ? request.domainId : undefined,
  };
  const expected = { applianceId, site, zone: facts.zone, keyOwner: facts.keyOwner, owner };
  const appliance = foundOrThrow(judgeAppliance(listed, expected));
  const reading = await readAppliance(work.api, appliance, work.settings, { projectId, signal: run.signal });
  refuse(judgeVmSnapshots(appliance, reading.snapshots));
  return reading;
}

async function checkTarget(
  work: PreflightFailoverWork,
  run: ActivityRun,
  { vm, disks }: PreflightFailoverInput,
  request: FailoverRequest,
  facts: Facts,
  appliance: VirtualMachine,
): Promise<{ target: NonNullable<PreflightFailoverOutput['target']>; machine: NewMachine }> {
  const { target } = request;
  const { site, projectId } = vm;
  const options = { signal: run.signal };
  const scope = projectId === undefined ? {} : { projectId };
  refuseHooks(work, request);
  const [offerings, templates, networks, machines] = await Promise.all([
    work.api.listServiceOfferings({}, options),
    work.api.listTemplates({ templateFilter: 'executable', ...scope }, options),
    work.api.listNetworks({ listAll: true, ...scope }, options),
    work.api.listVirtualMachines({ name: target.name, listAll: true, ...scope }, options),
  ]);
  const offering = foundOrThrow(judgeServiceOffering(offerings, target, site));
  const template = foundOrThrow(judgeTemplate(templates, target.template, facts.zone, site));
  const cards = target.networks.map(({ network, macAddress }) => {
    const found = foundOrThrow(judgeNetwork(networks, network, facts.zone, site));
    return { id: found.id, name: found.name, ...(macAddress === undefined ? {} : { macAddress }) };
  });
  const own = await work.vmOperations.ofSourceVm(vm, { kind: 'deploy', firstRunId: vm.firstRunId });
  refuse(judgeName(machines, target.name, (machine) => own.some((operation) => operation.failoverVmId === machine.id)));
  const hypervisor = template.hypervisor ?? target.hypervisor ?? appliance.hypervisor;
  const { disks: limit } = await readDataDiskLimit(
    work.api,
    hypervisor === undefined ? {} : { hypervisor },
    work.settings,
    options,
  );
  const dataDisks = disks.filter((disk) => !disk.boot).length;
  if (dataDisks > limit) throw failure('too-many-disks', { vm: sourceVmPath(vm), disks: dataDisks, site, limit });
  return {
    target: {
      serviceOfferingId: offering.id,
      serviceOfferingName: offering.name,
      templateId: template.id,
      templateName: template.name,
      ...(hypervisor === undefined ? {} : { hypervisor }),
      networks: cards,
      details: detailsOf(target),
      dataDiskLimit: limit,
    },
    machine: { target, offering, template },
  };
}

/** Details of the VM as CloudStack takes them with the deploy. */
function detailsOf(target: FailoverTarget): Record<string, string> {
  const { cpus, memoryMib, rootDiskController, dataDiskController } = target;
  return {
    ...(cpus === undefined ? {} : { cpuNumber: String(cpus) }),
    ...(memoryMib === undefined ? {} : { memory: String(memoryMib) }),
    ...(rootDiskController === undefined ? {} : { rootDiskController }),
    ...(dataDiskController === undefined ? {} : { dataDiskController }),
  };
}

/** A hook that nobody has configured is refused here, before anything is made. Whether its command can be run shows where it runs. */
function refuseHooks({ commands }: PreflightFailoverWork, request: FailoverRequest): void {
  const { guest, health, site } = request;
  const quiesce = request.kind === 'live' && request.quiesce?.by === 'hook' ? request.quiesce : undefined;
  for (const hook of [
    quiesce?.hook,
    quiesce?.resumeHook,
    guest?.kind === 'hook' ? guest.hook : undefined,
    health.hook,
  ]) {
    if (hook !== undefined) hookOf(commands, site, hook);
  }
}
