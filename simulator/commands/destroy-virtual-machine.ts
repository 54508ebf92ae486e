import { invalidParameter, permissionDenied } from '../api-error';
import { expungedMachineAnswer, machineAnswer } from '../answers/machine';
import { volumeText } from '../answers/volume';
import { checkAccess, javaClass, machineOf } from '../call';
import type { Call, Command } from '../call';
import { powerOff } from '../machine-power';
import { detachDataVolumes, expungeMachine, removeVmSnapshots } from '../machine-removal';
import type { VolumeRow } from '../rows';
import { expunge } from '../volume-removal';

/**
 * destroyVirtualMachine: switched off, and all data volumes detached by it, also without `expunge`; only those that `volumeids`
 * names go with the VM (UserVmManagerImpl.destroyVm).
 */
export const destroyVirtualMachine: Command = {
  name: 'destroyVirtualMachine',
  parameters: {
    id: { type: 'id', entity: 'VirtualMachine', required: true },
    expunge: { type: 'flag' },
    volumeids: { type: 'ids', entity: 'Volume' },
    customjobid: { type: 'text' },
  },
  run(call) {
    const { id } = machineOf(call);
    return call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: javaClass(call.caller, 'vm', 'DestroyVM'),
      instanceType: 'VirtualMachine',
      instanceId: id,
      work: async () => {
        const forEver = call.arguments.flag('expunge') === true;
        if (forEver) checkMayExpunge(call, 'Parameter expunge can be passed by Admin only.');
        await call.jobs.inQueueOf(id, () => destroy(call, id, forEver));
        const left = call.world.machine(id);
        return {
          virtualmachine: left.removed === null ? machineAnswer(call, left, call.caller) : expungedMachineAnswer,
        };
      },
    });
  },
};

/** `allow.user.expunge.recover.vm` is off. @throws ApiError 531, in a job 530 */
export function checkMayExpunge({ caller }: Call, refusal: string): void {
  if (caller.role === 'admin') return;
  throw permissionDenied(`${refusal} Or when the allow.user.expunge.recover.vm key is set.`);
}

async function destroy(call: Call, id: string, forEver: boolean): Promise<void> {
  const { world } = call;
  const machine = world.machine(id);
  if (machine.removed !== null)
    throw invalidParameter(`unable to find a virtual machine with id ${String(machine.number)}`);
  if ((machine.state === 'Destroyed' || machine.state === 'Expunging') && !forEver) return;
  const named = namedVolumes(call, id);
  await powerOff(call, id);
  await detachDataVolumes(call, id);
  removeVmSnapshots(call, id);
  world.machines.put({ ...world.machine(id), state: 'Destroyed', updated: Date.now() });
  if (forEver) await expungeMachine(call, id);
  for (const volumeId of named) {
    const volume = world.volume(volumeId);
    if (volume.vmId !== null || volume.removed !== null) continue;
    if (forEver) expunge(call, volumeId);
    // One that was never made on storage can only be expunged; the server logs that and goes on.
    else if (volume.state === 'Ready') world.volumes.put({ ...volume, state: 'Destroy' });
  }
}

/** @throws ApiError 431 for what is no data disk of this VM, or is protected; 531 for another account's */
function namedVolumes(call: Call, vmId: string): string[] {
  const volumes = (call.arguments.list('volumeids') ?? []).map((id) => call.world.volume(id));
  const strangers = volumes.filter((volume) => volume.vmId !== vmId || volume.type !== 'DATADISK');
  if (strangers.length > 0) {
    const texts = strangers.map((volume) => `${volumeText(call, volume)}; `).join('');
    throw invalidParameter(`The following supplied volumes are not DATADISK attached to the VM: ${texts}`);
  }
  for (const volume of volumes) checkNamed(call, volume);
  return volumes.map(({ id }) => id);
}

function checkNamed(call: Call, volume: VolumeRow): void {
  if (volume.deleteProtection) {
    throw invalidParameter(
      `Volume [id = ${volume.id}, name = ${volume.name}] has delete protection enabled and cannot be deleted.`,
    );
  }
  checkAccess(call.caller, volume);
}
