import { ApiError, invalidParameter, permissionDenied } from './api-error';
import { CPU_SPEED_MHZ } from './answers/machine';
import type { Call } from './call';
import { checkUuidFormat, entityExists, idTaken } from './jobs';
import { ownerOf } from './owner';
import type { AccountRow, MachineRow } from './rows';
import { TEMPLATE_BYTES } from './seed';
import type { Network, ServiceOffering } from './world-file';

const GIB = 1024 ** 3;

/** What a customised offering allows; listServiceOfferings shows the same. */
const CPUS = { min: 1, max: 8 };
const MEMORY_MIB = { min: 128, max: 8192 };

/** A VM that may be made as it was asked for. */
interface WantedMachine {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly owner: AccountRow;
  readonly offering: ServiceOffering;
  readonly customSize: MachineRow['customSize'];
  readonly details: Readonly<Record<string, string>>;
  readonly networks: readonly Network[];
  readonly rootBytes: number;
  readonly dataDisk: { readonly offeringId: string; readonly sizeBytes: number } | undefined;
}

/**
 * Checks what a deployVirtualMachine asks for, in the server's order: offering and size, template, disks, networks, hypervisor,
 * chosen id, name (UserVmManagerImpl.createVirtualMachine).
 *
 * @throws ApiError 431, 531
 */
export function wantedMachine(call: Call): WantedMachine {
  const { world, arguments: given } = call;
  const owner = ownerOf(call);
  const offering = world.serviceOffering(given.required('serviceofferingid'));
  if (offering === undefined) throw new RangeError('its existence was checked with the parameters');
  const details = Object.fromEntries(given.fields('details'));
  const customSize = offering.customized ? customSizeOf(details) : null;
  if (textOf(call, 'templateid') === undefined) {
    throw invalidParameter(
      'Please provide only one of the following parameters - template ID, volume ID or snapshot ID',
    );
  }
  const dataDisk = dataDiskOf(call);
  const rootBytes = rootBytesOf(call);
  const networks = networksOf(call, owner);
  checkHypervisor(call);
  const id = customIdOf(call);
  const name = textOf(call, 'name');
  if (name !== undefined) checkName(call, name, networks);
  return {
    id,
    name,
    owner,
    offering,
    customSize,
    details: rootBytes === TEMPLATE_BYTES ? details : { ...details, rootdisksize: String(rootBytes / GIB) },
    networks,
    rootBytes,
    dataDisk,
  };
}

/** @throws ApiError 431 for what is no host name, or one that a VM on one of the networks has */
export function checkName({ world }: Call, name: string, networks: readonly Pick<Network, 'id' | 'name'>[]): void {
  // NetUtils.verifyDomainNameLabel
  if (!/^[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/.test(name)) {
    throw invalidParameter(
      `Invalid name. Vm name can contain ASCII letters 'a' through 'z', the digits '0' through '9', and the hyphen ('-'), ` +
        `must be between 1 and 63 characters long, and can't start or end with "-" and can't start with digit`,
    );
  }
  for (const network of networks) {
    for (const machine of world.machines.values()) {
      if (machine.name !== name || !machine.nics.some((nic) => nic.networkId === network.id)) continue;
      // An L2 network has no domain of its own.
      throw invalidParameter(
        `The vm with hostName ${name} already exists in the network domain: null; network=${network.name}`,
      );
    }
  }
}

function textOf({ arguments: given }: Call, name: string): string | undefined {
  const text = given.text(name);
  return text === '' ? undefined : text;
}

/** UserVmManagerImpl.validateCustomParameters. */
function customSizeOf(details: Readonly<Record<string, string>>): NonNullable<MachineRow['customSize']> {
  if (Object.keys(details).length === 0) {
    throw invalidParameter(
      'Need to specify custom parameter values cpu, cpu speed and memory when using custom offering',
    );
  }
  const within = (name: string, what: string, { min, max }: typeof CPUS): number => {
    const value = /^\d+$/.test(details[name] ?? '') ? Number(details[name]) : -1;
    if (value >= min && value <= max) return value;
    throw invalidParameter(`Invalid ${what} value, specify a value between ${String(min)} and ${String(max)}`);
  };
  const cpus = within('cpuNumber', 'CPU cores', CPUS);
  return { cpus, speedMhz: CPU_SPEED_MHZ, memoryMib: within('memory', 'memory', MEMORY_MIB) };
}

function dataDiskOf(call: Call): WantedMachine['dataDisk'] {
  const { world, arguments: given } = call;
  const offeringId = textOf(call, 'diskofferingid');
  if (offeringId === undefined) return undefined;
  const fixed = world.diskOffering(offeringId)?.sizeGib;
  if (fixed !== undefined) return { offeringId, sizeBytes: fixed * GIB };
  const size = given.long('size');
  if (size === undefined) throw invalidParameter('This disk offering requires a custom size specified');
  const { min, max } = world.description.customSizeGib;
  if (size < min || size > max) {
    throw invalidParameter(
      `VM Creation failed. Volume size: ${String(size)}GB is out of allowed range. Max: ${String(max)} Min:${String(min)}`,
    );
  }
  return { offeringId, sizeBytes: size * GIB };
}

function rootBytesOf({ arguments: given }: Call): number {
  const asked = given.long('rootdisksize');
  if (asked === undefined) return TEMPLATE_BYTES;
  if (asked <= 0) throw invalidParameter('Root disk size should be a positive number.');
  if (asked * GIB < TEMPLATE_BYTES) {
    const template = `(${(TEMPLATE_BYTES / GIB).toFixed(2)} GB) ${String(TEMPLATE_BYTES)}`;
    throw invalidParameter(
      `Unsupported: rootdisksize override (${String(asked)} GB) is smaller than template size ${template}`,
    );
  }
  return asked * GIB;
}

/** The networks named; without any, the owner's first one (a real server would make an isolated network). */
function networksOf({ world, arguments: given }: Call, owner: AccountRow): Network[] {
  const ids = given.list('networkids');
  if (ids === undefined) return world.description.networks.filter(({ account }) => account === owner.name).slice(0, 1);
  return [...new Set(ids)].map((id) => {
    const network = world.network(id);
    if (network?.account === owner.name) return network;
    // Root admins too (`admin.is.allowed.to.deploy.anywhere` is off).
    throw permissionDenied(`Unable to use network with id= ${id}, permission denied`);
  });
}

function checkHypervisor(call: Call): void {
  const asked = textOf(call, 'hypervisor');
  const hypervisor = hypervisorOfTemplate(call);
  if (asked === undefined || asked.toLowerCase() === hypervisor.toLowerCase()) return;
  if (!['any', 'kvm', 'lxc', 'simulator', 'vmware', 'xenserver', 'baremetal', 'hyperv'].includes(asked.toLowerCase())) {
    throw new ApiError(431, `Invalid hypervisor type: ${asked}`, 4350);
  }
  throw invalidParameter(
    'Hypervisor passed to the deployVm call, is different from the hypervisor type of the Template',
  );
}

/** One kind per simulated site, as everything else takes it. */
export function hypervisorOfTemplate({ world }: Call): MachineRow['hypervisor'] {
  return world.description.machines[0]?.hypervisor ?? 'KVM';
}

/** @throws ApiError 531 for users, 431 for a malformed or taken id, 530 for one of an expunged VM */
function customIdOf(call: Call): string | undefined {
  const id = textOf(call, 'customid');
  if (id === undefined) return undefined;
  if (call.caller.role !== 'admin') {
    throw permissionDenied('Please check your permissions, you are not allowed to create/update custom id');
  }
  checkUuidFormat(id);
  const known = call.world.machines.get(id);
  if (known === undefined) return id;
  throw known.removed === null ? idTaken(id) : entityExists();
}
