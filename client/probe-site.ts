import type { CallOptions, CloudStackApi, VirtualMachine } from '../cloudstack/api';
import type { ReplicationRequest } from '../domain/request';
import type { AccountQuota } from '../site/judge-quota';
import { keyOwnerOf } from '../site/judge-site';
import { readAppliance, readVm, type ApplianceReading } from '../site/read-appliance';
import { readPermissions, type Permissions } from '../site/read-permissions';
import { quotaAmong } from '../site/read-quota';
import { readSite, type SiteReading } from '../site/read-site';
import type { SiteConfiguration } from '../worker/config';
import type { SiteAccess } from '../worker/site-access';
import type { ThisMachine } from '../worker/this-machine';

/** Everything that was read of a site, not judged yet. */
export interface SiteProbe {
  readonly reading: SiteReading;
  readonly permissions: Permissions;
  readonly quota: AccountQuota | undefined;
  /** milliseconds by which the server's clock is ahead; undefined when it sends no Date */
  readonly clockOffsetMs: number | undefined;
  /** the configured ones, those that this machine may be, and the request's */
  readonly appliances: readonly ProbedAppliance[];
  /** VMs that the key lists */
  readonly vmCount: number;
  readonly macAddresses: readonly string[];
}

export interface ProbedAppliance {
  readonly id: string;
  readonly configured: boolean;
  /** undefined when CloudStack lists no such VM for the key */
  readonly reading: ApplianceReading | undefined;
  /** a network card of this machine that CloudStack lists for the VM */
  readonly ownMacAddress: string | undefined;
  /** how a worker here would prove that it runs on the VM, where it is configured and listed */
  readonly identity: Awaited<ReturnType<ThisMachine['prove']>> | undefined;
}

/**
 * Reads a site as the preflight does, and a little more for people. Sends list commands only: nothing is changed.
 *
 * @throws CloudStackError `unavailable` (retryable), `unauthorized`, `refused`
 */
export async function probeSite(
  { api, settings }: SiteAccess,
  { appliances: configured }: Pick<SiteConfiguration, 'appliances'>,
  machine: ThisMachine,
  request?: ReplicationRequest,
  options: CallOptions = {},
): Promise<SiteProbe> {
  const reading = await readSite(api, settings, options);
  const [{ permissions, accounts }, listed] = await Promise.all([
    readPermissions(api, reading, options),
    api.listVirtualMachines({ listAll: true }, options),
  ]);
  const own = listed.filter((vm) => ownMacAddressOf(vm, machine) !== undefined).map((vm) => vm.id);
  const ids = new Set([...configured.keys(), ...own, ...(request === undefined ? [] : [request.appliance])]);
  const appliances = await Promise.all(
    [...ids].map(async (id): Promise<ProbedAppliance> => {
      const projectId = request?.appliance === id ? request.projectId : undefined;
      const vm = await listedOrRead(api, listed, { applianceId: id, projectId }, options);
      const ownMacAddress = vm && ownMacAddressOf(vm, machine);
      const settled = configured.get(id);
      return {
        id,
        configured: settled !== undefined,
        reading: vm && (await readAppliance(api, vm, settings, { ...options, projectId })),
        ownMacAddress,
        identity: vm && settled && (await machine.prove(settled, macAddressesOf(vm))),
      };
    }),
  );
  return {
    reading,
    permissions,
    quota: quotaAmong(accounts, keyOwnerOf(reading.user)),
    clockOffsetMs: api.seenClockOffset(),
    appliances,
    vmCount: listed.length,
    macAddresses: machine.macAddresses,
  };
}

/** As the preflight does it, by id, where the whole list does not have it: a project's VMs are in no other list. */
async function listedOrRead(
  api: Pick<CloudStackApi, 'listVirtualMachines'>,
  listed: readonly VirtualMachine[],
  scope: { readonly applianceId: string; readonly projectId: string | undefined },
  options: CallOptions,
): Promise<VirtualMachine | undefined> {
  return listed.find((vm) => vm.id === scope.applianceId) ?? (await readVm(api, scope, options));
}

function ownMacAddressOf(vm: VirtualMachine, machine: ThisMachine): string | undefined {
  const here = new Set(machine.macAddresses.map((address) => address.toLowerCase()));
  return macAddressesOf(vm).find((address) => here.has(address.toLowerCase()));
}

function macAddressesOf(vm: VirtualMachine): string[] {
  return vm.nic.flatMap(({ macaddress }) => (macaddress === undefined ? [] : [macaddress]));
}
