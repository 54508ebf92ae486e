import { type DiskferryFailure, failure } from '../domain/failures';

/** Data disks of one appliance. */
export interface Slots {
  readonly applianceId: string;
  readonly limit: number;
  /** attached or promised to somebody */
  readonly taken: number;
  readonly needed: number;
}

/** Why so many more data disks could not be attached to the appliance; undefined when they can. */
export function judgeSlots(slots: Slots): DiskferryFailure | undefined {
  return slots.needed > freeSlots(slots) ? noFreeSlots(slots) : undefined;
}

/** The refusal itself, where somebody else has counted. */
export function noFreeSlots(slots: Slots): DiskferryFailure {
  const { applianceId, limit, needed } = slots;
  return failure('no-free-slots', { applianceId, free: freeSlots(slots), limit, needed });
}

/** More may be attached than the limit says: it may have been lowered. */
export function freeSlots({ limit, taken }: Pick<Slots, 'limit' | 'taken'>): number {
  return Math.max(limit - taken, 0);
}
