import { setTimeout as pause } from 'node:timers/promises';
import type { Caller } from './caller';
import { isFields } from './recording';
import { rowsOf } from './world';

/** What a scenario made: the commands that made it and the ids that they answered. */
export type Made = readonly { readonly command: string; readonly id: string }[];

/**
 * Takes away what a scenario made and left behind, newest first, so that the next one begins in the world that it expects. What
 * is gone already is no failure; what cannot be removed is met by the next look at the world.
 */
export async function cleanUp(admin: Caller, made: Made): Promise<void> {
  for (const { command, id } of [...made].reverse()) {
    if (command === 'createSnapshot') await attempt(admin, 'deleteSnapshot', { id });
    if (command === 'createVMSnapshot') await attempt(admin, 'deleteVMSnapshot', { vmsnapshotid: id });
    if (command === 'deployVirtualMachine') await attempt(admin, 'destroyVirtualMachine', { id, expunge: 'true' });
    if (command === 'createVolume') await removeVolume(admin, id);
  }
}

async function removeVolume(admin: Caller, id: string): Promise<void> {
  const content = await admin.read('listVolumes', { id, listall: 'true' }).catch(() => ({}));
  const [volume] = rowsOf(content, 'volume');
  if (volume === undefined) return;
  if (volume['virtualmachineid'] !== undefined) await attempt(admin, 'detachVolume', { id });
  if (volume['deleteprotection'] === true) await attempt(admin, 'updateVolume', { id, deleteprotection: 'false' });
  await attempt(admin, 'deleteVolume', { id });
}

async function attempt(admin: Caller, command: string, parameters: Record<string, string>): Promise<void> {
  const content = await admin.change(command, parameters).catch(() => ({}));
  const jobId = isFields(content) ? content['jobid'] : undefined;
  if (typeof jobId !== 'string') return;
  const until = Date.now() + 120_000;
  while (Date.now() < until) {
    const job = await admin.read('queryAsyncJobResult', { jobid: jobId }).catch(() => ({ jobstatus: 2 }));
    if (isFields(job) && job['jobstatus'] !== 0) return;
    await pause(250);
  }
}
