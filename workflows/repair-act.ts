import type { RepairAct } from '../domain/repair-io';
import type { VmRef } from '../domain/step-io';
import type { UndoOutcome } from '../domain/undo-policy';
import { activitiesOf } from './activities';
import { doctorActivitiesOf } from './doctor-activities';

/** What an act came to, in words; `kept` names what was left as it is, and why. */
export interface ActDone {
  readonly done: string;
  readonly kept?: string;
}

/**
 * One act of a repair: the same activities as the steps and undos of the workflows, so with operation rows, proofs and fences. A volume
 * leaves the appliance as in a release, whichever run attached it; it is deleted as the undo of the run that made it.
 */
export async function doRepairAct(given: VmRef, act: RepairAct): Promise<ActDone> {
  const vm: VmRef = { ...given, applianceId: act.applianceId ?? given.applianceId };
  const activities = activitiesOf(vm.site, vm.applianceId);
  const doctor = doctorActivitiesOf(vm.site);
  const disk = () => ({ ...vm, diskKey: present(act, 'diskKey'), attempt: 1 });
  const volume = () => ({ ...disk(), volumeId: present(act, 'volumeId'), volumeBytes: present(act, 'volumeBytes') });
  const released = () => ({ ...volume(), mode: 'release' as const });
  switch (act.act) {
    case 'closeExport':
      return doneBy(act, await activities.closeExport(released()));
    case 'unmapDevice':
      return doneBy(act, await activities.unmapDevice(released()));
    case 'detachVolume':
      return doneBy(act, await activities.detachVolume(released()));
    case 'confirmDeviceGone':
      return doneBy(act, await activities.confirmDeviceGone(released()));
    case 'deleteVolume': {
      const maker = { firstRunId: present(act, 'firstRunId'), attempt: act.attempt ?? 1 };
      return doneBy(act, await activities.deleteVolume({ ...disk(), ...maker }));
    }
    case 'deleteNamed':
      return doneBy(act, await activities.deleteVolume(released()));
    case 'mapAgain': {
      const { deviceNode } = await activities.resolveDevice(volume());
      const cloudStackDeviceId = present(act, 'cloudStackDeviceId');
      const { devicePath } = await activities.mapDevice({ ...volume(), deviceNode, cloudStackDeviceId });
      return { done: `mapped as ${devicePath}` };
    }
    case 'settleOperation':
      return await doctor.settleOperation({ ...volume(), operationId: present(act, 'operationId') });
    case 'closeOlderOperation':
      return await doctor.closeOlderOperation({ ...volume(), operationId: present(act, 'operationId') });
    case 'adoptVolume':
      return await doctor.adoptVolume(volume());
    case 'prunePoints': {
      const { removed, left } = await activities.prunePoints({ ...vm, which: 'left' });
      const done =
        removed.length === 0 ? 'no recovery point was removed' : `removed recovery points ${removed.join(', ')}`;
      return { done, ...(left.length > 0 && { kept: left.join('; ') }) };
    }
    case 'endRecord':
      return await doctor.endRecord({ ...vm, ofRunId: present(act, 'firstRunId') });
  }
}

function doneBy({ says }: RepairAct, { outcome, reason }: UndoOutcome): ActDone {
  if (outcome === 'kept') return { done: `${says}: kept`, kept: reason ?? says };
  return { done: outcome === 'nothing-to-undo' ? `${says}: there was nothing to do` : says };
}

function present<K extends keyof RepairAct>(act: RepairAct, field: K): NonNullable<RepairAct[K]> {
  const value = act[field];
  if (value === undefined) throw new Error(`${act.act} needs ${field}`);
  return value;
}
