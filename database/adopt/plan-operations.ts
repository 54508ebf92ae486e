import { redact } from '../../domain/redact';
import type { Find, PlannedDisk, PlannedOperation } from './adoption-plan';
import type { OlderInstallation, OlderOperation } from './older-rows';

/** States in which the older system left an operation that somebody must look at. */
const left: ReadonlySet<string> = new Set(['failed', 'pending', 'executing']);

/**
 * Operations that failed, or that nobody ends any more. Those of a volume that a disk has are adopted, so that doctor shows them and a
 * repair settles them; unless a later one on the volume went well. All of them are named, and stay readable in the older tables.
 */
export function planOperations(
  older: OlderInstallation,
  disks: readonly PlannedDisk[],
  find: Find,
): readonly PlannedOperation[] {
  const diskOf = new Map(disks.map((disk) => [disk.volumeId, disk]));
  return older.operations.flatMap((operation): PlannedOperation[] => {
    if (!left.has(operation.status)) return [];
    const volumeId = operation.volume_id?.toLowerCase() ?? '';
    const disk = diskOf.get(volumeId);
    const wentWell = older.operations.some((other) => other.status === 'completed' && isLater(other, operation));
    const why = wentWell ? '; a later one on it went well' : disk === undefined ? '; no disk has that volume' : '';
    note(operation, why, find);
    if (disk === undefined || wentWell) return [];
    return [
      {
        id: operation.id,
        kind: operation.type,
        status: operation.status,
        disk,
        ...(operation.vm_id && { vmId: operation.vm_id }),
        ...(operation.error && { error: redact(operation.error) }),
        ...whenOf(operation),
      },
    ];
  });
}

function note(operation: OlderOperation, why: string, find: Find): void {
  const volumeId = operation.volume_id === '' ? undefined : operation.volume_id;
  const about = `${operation.type} ${operation.id} of volume ${volumeId ?? '(unknown)'}`;
  if (operation.status === 'failed') {
    find('failed-operation', 'note', `${about} failed: ${redact(operation.error ?? 'no reason')}${why}`);
    return;
  }
  const since = `is ${operation.status} since ${operation.created_at ?? '?'}`;
  find('stuck-operation', 'warning', `${about} ${since}: nobody ends it any more${why}`);
}

/** Later on the same volume; where nothing tells which was first, none counts as later. */
function isLater(other: OlderOperation, operation: OlderOperation): boolean {
  if (other.volume_id !== operation.volume_id || (other.volume_id ?? '') === '') return false;
  const [after, before] = [timeOf(other.created_at), timeOf(operation.created_at)];
  return after !== undefined && before !== undefined && after > before;
}

/** When it ended, else when it began. */
function whenOf(operation: OlderOperation): { readonly at?: string } {
  const times = [operation.completed_at, operation.updated_at, operation.created_at];
  const at = times.map(timeOf).find((time) => time !== undefined);
  return at === undefined ? {} : { at: new Date(at).toISOString() };
}

/** A time as the server writes it, in UTC (older-tables.ts); the older tables may hold zeros, too. */
function timeOf(text: string | null | undefined): number | undefined {
  const time = Date.parse(`${(text ?? '').replace(' ', 'T')}Z`);
  return Number.isNaN(time) ? undefined : time;
}
