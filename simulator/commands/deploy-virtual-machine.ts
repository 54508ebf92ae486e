import { randomUUID } from 'node:crypto';
import { ApiError } from '../api-error';
import { machineAnswer } from '../answers/machine';
import { javaClass } from '../call';
import type { Call, Command } from '../call';
import { hypervisorOfTemplate, wantedMachine } from '../deploy-request';
import { powerOn } from '../machine-power';
import { checkLimits } from '../resource-limits';
import type { MachineRow, VolumeRow } from '../rows';

/**
 * deployVirtualMachine: the VM and its volumes are there when this answers, Stopped and Allocated. The `customid` is checked
 * before, the `customjobid` after: a resend with a used job id leaves a second VM, if it has no name that is taken.
 */
export const deployVirtualMachine: Command = {
  name: 'deployVirtualMachine',
  parameters: {
    serviceofferingid: { type: 'id', entity: 'ServiceOffering', required: true },
    zoneid: { type: 'id', entity: 'Zone', required: true },
    templateid: { type: 'id', entity: 'Template' },
    name: { type: 'text' },
    displayname: { type: 'text' },
    networkids: { type: 'ids', entity: 'Network' },
    hypervisor: { type: 'text' },
    details: { type: 'map' },
    rootdisksize: { type: 'long' },
    diskofferingid: { type: 'id', entity: 'DiskOffering' },
    size: { type: 'long' },
    startvm: { type: 'flag' },
    account: { type: 'text' },
    domainid: { type: 'id', entity: 'Domain' },
    projectid: { type: 'id', entity: 'Project' },
    customid: { type: 'text' },
    customjobid: { type: 'text' },
  },
  run(call) {
    const { id, name } = create(call);
    const job = call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: javaClass(call.caller, 'vm', 'DeployVM'),
      instanceType: 'VirtualMachine',
      instanceId: id,
      work: async () => {
        if (starts(call)) await call.jobs.inQueueOf(id, () => startFirst(call, id));
        else await call.lifetime.wait(call.world.timings.createMs + call.faults.delayMs('work'));
        const failure = call.faults.get('fail-job');
        if (failure !== undefined) throw new ApiError(failure.code, `Failed to deploy ${name}: ${failure.text}`);
        return { virtualmachine: machineAnswer(call, call.world.machine(id), call.caller) };
      },
    });
    return { id, ...job };
  },
};

function starts(call: Call): boolean {
  return call.arguments.flag('startvm') !== false;
}

/** A VM whose first start fails is in state Error: it can only be destroyed. */
async function startFirst(call: Call, id: string): Promise<void> {
  try {
    await powerOn(call, id);
  } catch (error) {
    if (error instanceof ApiError) {
      call.world.machines.put({ ...call.world.machine(id), state: 'Error', updated: Date.now() });
    }
    throw error;
  }
}

function create(call: Call): MachineRow {
  const { world, guests, arguments: given } = call;
  const wanted = wantedMachine(call);
  const { owner, customSize, offering, dataDisk, rootBytes } = wanted;
  checkLimits(world, owner, {
    user_vm: 1,
    cpu: customSize?.cpus ?? offering.cpus ?? 0,
    memory: customSize?.memoryMib ?? offering.memoryMib ?? 0,
    volume: dataDisk === undefined ? 1 : 2,
    primary_storage: rootBytes + (dataDisk?.sizeBytes ?? 0),
  });
  const id = wanted.id ?? randomUUID();
  const number = world.nextNumber('machine');
  const name = wanted.name ?? `VM-${id}`;
  const displayName = given.text('displayname');
  const now = Date.now();
  const volume: Omit<
    VolumeRow,
    'name' | 'number' | 'type' | 'deviceId' | 'sizeBytes' | 'diskOfferingId' | 'templateId'
  > = {
    id: randomUUID(),
    accountId: owner.id,
    zoneId: given.required('zoneid'),
    snapshotId: null,
    state: 'Allocated',
    vmId: id,
    attached: null,
    created: now,
    placed: false,
    onStorage: false,
    deleteProtection: false,
    removed: null,
  };
  world.volumes.put({
    ...volume,
    name: `ROOT-${String(number)}`,
    number: world.nextNumber('volume'),
    type: 'ROOT',
    deviceId: 0,
    sizeBytes: rootBytes,
    diskOfferingId: null,
    serviceOfferingId: offering.id,
    templateId: given.required('templateid'),
  });
  if (dataDisk !== undefined) {
    world.volumes.put({
      ...volume,
      id: randomUUID(),
      name: `DATA-${String(number)}`,
      number: world.nextNumber('volume'),
      type: 'DATADISK',
      deviceId: 1,
      sizeBytes: dataDisk.sizeBytes,
      diskOfferingId: dataDisk.offeringId,
      templateId: null,
    });
  }
  const machine = world.machines.put({
    id,
    number,
    name,
    displayName: displayName === undefined || displayName === '' ? name : displayName,
    accountId: owner.id,
    zoneId: given.required('zoneid'),
    serviceOfferingId: offering.id,
    customSize,
    details: starts(call) ? wanted.details : { ...wanted.details, deployvm: 'true' },
    state: 'Stopped',
    hypervisor: hypervisorOfTemplate(call),
    bus: busOf(wanted.details),
    nics: wanted.networks.map((network, index) => ({
      id: randomUUID(),
      networkId: network.id,
      macAddress: macAddress(number, index),
    })),
    created: now,
    updated: now,
    plugged: 0,
    everStarted: false,
    removed: null,
  });
  guests.prepare();
  return machine;
}

/** How the guest sees its disks: by the controller that the details ask for (VmDetailConstants). */
function busOf(details: Readonly<Record<string, string>>): MachineRow['bus'] {
  const controller = details['dataDiskController'] ?? details['rootDiskController'] ?? 'virtio';
  return controller.toLowerCase().includes('scsi') ? 'virtio-scsi' : 'virtio';
}

/** Locally administered, one of its own for each card of each VM. */
function macAddress(number: number, index: number): string {
  const bytes = [0x02, 0x02, index, number >> 16, number >> 8, number];
  return bytes.map((byte) => (byte & 0xff).toString(16).padStart(2, '0')).join(':');
}
