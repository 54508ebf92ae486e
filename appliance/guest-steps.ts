import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from './commands';
import type { CopyLocks, HeldCopyLock } from './copy-lock';
import { exportLayout } from './export-layout';
import { syncDevice } from './export-writer';
import { endOtherHolders } from './lock-holders';
import { CopyError, type GuestDisk, type GuestSteps, type HeldDisks } from './ports';
import { errorText, ToolError } from './processes';

interface GuestStepSettings {
  readonly locks: CopyLocks;
  readonly exportsDirectory: string;
}

/**
 * Commands that write the disks of a guest where they are. Nothing else of ours may touch a disk meanwhile, and nobody may take it
 * away: the copy lock of each is held, and every process of the command has it too. So it outlives a killed worker for exactly as
 * long as the last process of the command does.
 */
export function makeGuestSteps(settings: GuestStepSettings): GuestSteps {
  return {
    hold: async (disks, act) => {
      const held: HeldCopyLock[] = [];
      try {
        const volumeIds = disks.map(({ volumeId }) => volumeId).sort();
        for (const volumeId of volumeIds) held.push(await settings.locks.acquire(volumeId));
        return await act(heldDisks(settings, disks, held));
      } finally {
        for (const lock of held) await lock.release();
      }
    },
  };
}

function heldDisks(
  { locks, exportsDirectory }: GuestStepSettings,
  disks: readonly GuestDisk[],
  held: readonly HeldCopyLock[],
): HeldDisks {
  const inherit = held.map((lock) => lock.descriptor);
  const description = path.join(exportLayout(exportsDirectory).guests, `${disks[0]?.volumeId ?? 'none'}.xml`);
  return {
    run: async (call, libvirtXml) => {
      try {
        if (libvirtXml !== undefined) {
          await mkdir(path.dirname(description), { recursive: true, mode: 0o700 });
          await writeFile(description, libvirtXml, { mode: 0o600 });
        }
        const file = libvirtXml === undefined ? [] : [description];
        const end = await runCommand({ ...call, command: [...call.command, ...file], inherit });
        if (end.ok) for (const { device } of disks) await flush(device.deviceNode, { signal: call.signal, inherit });
        return end;
      } finally {
        // One lock is enough to look for: every process of the command was started with all of them.
        if (disks[0] !== undefined) await endOtherHolders(locks.path(disks[0].volumeId));
        await rm(description, { force: true });
      }
    },
  };
}

async function flush(deviceNode: string, children: Parameters<typeof syncDevice>[1]): Promise<void> {
  try {
    await syncDevice(deviceNode, children);
  } catch (error) {
    if (error instanceof ToolError) throw new CopyError(0, `${deviceNode} cannot be flushed: ${errorText(error)}`);
    throw error;
  }
}
