import type { CommandSettings } from '../../activities/hook-settings';
import type { PrepareGuestInput, QuiesceSourceInput } from '../../domain/failover-io';
import type { Actor } from './activity-world';
import type { FailoverJourney } from './failover-journey';
import { inTurn } from './in-turn';

export function quiesceInput({ vm }: FailoverJourney): QuiesceSourceInput {
  return { ...vm, hook: 'quiesce', resumeHook: 'resume' };
}

/** Input of prepareGuest for the replicas, where they are on the appliance, as a live failover gives it: their devices proven. */
export async function prepareInput(
  { vm, replicas }: FailoverJourney,
  actor: Actor,
  changes: Partial<PrepareGuestInput> = {},
): Promise<PrepareGuestInput> {
  const disks = await inTurn(replicas, async ({ createInput, volumeInput }) => {
    const { diskKey, volumeId, volumeBytes } = volumeInput;
    const device = await actor.activities.resolveDevice({ ...volumeInput, ...vm });
    return { diskKey, boot: createInput.boot ?? false, volumeId, volumeBytes, device };
  });
  return { ...vm, guest: { kind: 'hook', hook: 'guest' }, kind: 'live', disks, ...changes };
}

/** A hook made of a script; it sees what every hook sees. */
export function script(text: string, timeoutMs = 20_000): CommandSettings {
  return { command: ['sh', '-euc', text], timeoutMs };
}
