import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SiteCommands } from '../../../activities/hook-settings';
import { script } from '../../support/failover-hooks';

const markOf = (folder: string): string => join(folder, 'source-is-quiesced');

/**
 * The hooks of the proof's site. A mark in the stack's folder stands for the source that writes no more; the guest step writes what it
 * has read, so that the VM still boots and the bytes can be compared.
 */
export function proofHooks(folder: string): Partial<SiteCommands> {
  const mark = markOf(folder);
  return {
    hooks: new Map([
      ['quiesce', script(`touch ${mark}`)],
      ['resume', script(`rm -f ${mark}`)],
      ['guest', script('dd if="$DISKFERRY_BOOT_DEVICE" of="$DISKFERRY_BOOT_DEVICE" bs=4096 count=1 conv=notrunc')],
      ['health', script('test -n "$DISKFERRY_FAILOVER_VM_NAME"')],
    ]),
  };
}

/** Whether the source was quiesced and not resumed since. */
export async function isQuiesced(folder: string): Promise<boolean> {
  return await access(markOf(folder)).then(
    () => true,
    () => false,
  );
}

/** The source writes again, after whatever it was quiesced for. */
export async function sourceStarts(folder: string): Promise<void> {
  await rm(markOf(folder), { force: true });
}
