import { closeSync, existsSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until';
import type { Caller, Fields, Job, SimulatedSite } from './simulated-site';

export interface Snapshot {
  id: string;
  name: string;
  state: string;
  volumeid: string;
  volumestate: string;
  virtualsize: number;
  tags: { key: string; value: string }[];
}

export function volumeFile(site: SimulatedSite, volumeId: string): string {
  return join(site.simulator.stateDirectory, 'volumes', `${volumeId}.raw`);
}

export function snapshotFile(site: SimulatedSite, snapshotId: string): string {
  return join(site.simulator.stateDirectory, 'snapshots', `${snapshotId}.raw`);
}

/** Writes a text at a place of a volume, as its guest would. */
export function write(site: SimulatedSite, volumeId: string, text: string, at = 0): void {
  const descriptor = openSync(volumeFile(site, volumeId), 'r+');
  writeSync(descriptor, text, at);
  closeSync(descriptor);
}

export function read(site: SimulatedSite, volumeId: string, length: number, at = 0): string {
  return readFrom(volumeFile(site, volumeId), length, at);
}

export function readFrom(path: string, length: number, at = 0): string {
  const bytes = Buffer.alloc(length);
  const descriptor = openSync(path, 'r');
  readSync(descriptor, bytes, 0, length, at);
  closeSync(descriptor);
  return bytes.toString();
}

export function makeFile(path: string, bytes: number): void {
  const descriptor = openSync(path, 'w');
  ftruncateSync(descriptor, bytes);
  closeSync(descriptor);
}

/** Bytes that a file takes up on the disk. */
export function used(path: string): number {
  return existsSync(path) ? statSync(path).blocks * 512 : 0;
}

export async function snapshots(caller: Caller, parameters: Fields = {}): Promise<Snapshot[]> {
  const { content } = await caller.call('listSnapshots', parameters);
  return (content['snapshot'] as Snapshot[] | undefined) ?? [];
}

/** Takes a snapshot and waits until it is backed up. */
export async function snapshot(site: SimulatedSite, volumeid: string, more: Fields = {}): Promise<string> {
  const job = await site.admin.run('createSnapshot', { volumeid, ...more });
  if (job.jobstatus !== 1) throw new Error(JSON.stringify(job));
  const id = job.jobinstanceid ?? '';
  await until(async () => (await snapshots(site.admin, { id }))[0]?.state === 'BackedUp');
  return id;
}

/** A volume that is attached once, and so on storage; detached again unless it is to stay. */
export async function storedVolume(site: SimulatedSite, name: string, vmId: string, stays = false): Promise<string> {
  const id = await site.newVolume(name);
  succeeded(await site.admin.run('attachVolume', { id, virtualmachineid: vmId }));
  if (!stays) succeeded(await site.admin.run('detachVolume', { id }));
  return id;
}

export function succeeded(job: Job): Job {
  if (job.jobstatus !== 1) throw new Error(JSON.stringify(job));
  return job;
}
