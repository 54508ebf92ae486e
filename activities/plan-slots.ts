import type { Volume } from '../cloudstack/api';
import type { ApplianceSlots } from '../database/appliance-slots';
import type { Volumes } from '../database/volumes';
import { type SourceVmKey, sourceVmPath } from '../domain/names';
import type { VmRef } from '../domain/step-io';
import { freeSlots, judgeSlots } from '../site/judge-slots';
import type { ApplianceReading } from '../site/read-appliance';

/** Who knows what is attached and what is promised. */
export interface SlotWork {
  readonly slots: ApplianceSlots;
  readonly volumes: Volumes;
}

type DiskOfVm = SourceVmKey & { readonly diskKey: number };

/**
 * What reserving slots of the appliance for these disks would come to; reserves nothing, needs no claim and leaves no trace.
 *
 * @throws DiskferryFailure no-free-slots
 */
export async function planSlots(
  work: SlotWork,
  vm: VmRef,
  diskKeys: readonly number[],
  { attached, limit: { disks: limit } }: Pick<ApplianceReading, 'attached' | 'limit'>,
): Promise<{ limit: number; free: number }> {
  const slots = await work.slots.list(vm.applianceId);
  const own = slots.filter((slot) => sourceVmPath(slot) === sourceVmPath(vm)).map((slot) => slot.diskKey);
  const needed = diskKeys.filter((diskKey) => !own.includes(diskKey)).length;
  const taken = slots.length + (await countForeign(work, vm, diskKeys, attached));
  const refusal = judgeSlots({ applianceId: vm.applianceId, limit, taken, needed });
  if (refusal !== undefined) throw refusal;
  return { limit, free: freeSlots({ limit, taken }) - needed };
}

/** Data disks attached to the appliance that no slot accounts for, neither a reserved one nor one that is about to be. */
export async function countForeign(
  work: SlotWork,
  vm: VmRef,
  diskKeys: readonly number[],
  attached: readonly Volume[],
): Promise<number> {
  const keyOf = (disk: DiskOfVm): string => `${sourceVmPath(disk)} ${String(disk.diskKey)}`;
  const wanted = diskKeys.map((diskKey) => ({ ...vm, diskKey }));
  const known = new Set([...(await work.slots.list(vm.applianceId)), ...wanted].map(keyOf));
  const accounted = new Set<string>();
  for (const { id } of attached) {
    const record = await work.volumes.get(id);
    if (record !== undefined && known.has(keyOf(record))) accounted.add(keyOf(record));
  }
  return attached.length - accounted.size;
}
