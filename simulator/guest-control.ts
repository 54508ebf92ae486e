import { closeSync, openSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { shownBoot } from './boot';
import type { Site } from './call';
import { BLANK, contentDigest } from './content-digest';
import { makeSparseFile } from './sparse-file';

const expectationSchema = z
  .strictObject({
    vmId: z.string().optional(),
    /** also of a VM that is yet to be made */
    vmName: z.string().optional(),
    /** as `GET /content/{volume id}` shows it; null takes the expectation back */
    rootContent: z
      .string()
      .regex(/^sha256-1MiB:[0-9a-f]{64}$/, 'a digest as GET /content/{volume id} shows it')
      .nullable()
      .optional(),
    /** instead of rootContent: what this volume holds now */
    contentOf: z.string().optional(),
  })
  .refine(({ vmId, vmName }) => (vmId === undefined) !== (vmName === undefined), 'either vmId or vmName')
  .refine(
    ({ rootContent, contentOf }) => (rootContent === undefined) !== (contentOf === undefined),
    'either rootContent or contentOf',
  );

const writeSchema = z
  .strictObject({
    vmId: z.string(),
    volumeId: z.string(),
    offsetBytes: z.number().int().min(0),
    hex: z
      .string()
      .regex(/^([0-9a-fA-F]{2})+$/, 'pairs of hexadecimal digits')
      .optional(),
    text: z.string().min(1).optional(),
  })
  .refine(({ hex, text }) => (hex === undefined) !== (text === undefined), 'either hex or text');

/** Says what a VM's root must hold at each of its next starts. @throws ZodError, RangeError for a volume that is not there */
export async function expectBoot(site: Site, body: unknown): Promise<{ rootContent: string | null }> {
  const { vmId, vmName, rootContent, contentOf } = expectationSchema.parse(body);
  const id = vmId ?? vmName ?? '';
  const content = contentOf === undefined ? (rootContent ?? null) : (await contentOfVolume(site, contentOf)).content;
  if (content === null) site.world.bootExpectations.remove(id);
  else site.world.bootExpectations.put({ id, rootContent: content });
  return { rootContent: content };
}

/** What a volume holds now. @throws RangeError when it is not there */
export async function contentOfVolume(
  site: Site,
  volumeId: string,
): Promise<{ volumeId: string; sizeBytes: number; content: string; blank: boolean }> {
  const { sizeBytes, removed } = site.world.volume(volumeId);
  if (removed !== null) throw new RangeError(`volume ${volumeId} was expunged`);
  const content = await contentDigest(site.guests.volumeFile(volumeId));
  return { volumeId, sizeBytes, content, blank: content === BLANK };
}

/**
 * A guest writes to a disk of its own.
 *
 * @throws ZodError; RangeError when the VM is not up, has no such disk plugged, or the disk ends before
 */
export function writeAsGuest(site: Site, body: unknown): { volumeId: string; bytes: number } {
  const { vmId, volumeId, offsetBytes, hex, text } = writeSchema.parse(body);
  const machine = site.world.machine(vmId);
  const boot = shownBoot(machine);
  if (!boot.up) throw new RangeError(`the guest of ${machine.name} writes nothing: ${boot.reason}`);
  const plug = site.world.plugs.get(`${vmId}/${volumeId}`);
  const shownAt = plug?.deviceAt ?? null;
  if (plug === undefined || shownAt === null || shownAt > Date.now()) {
    throw new RangeError(`the guest of ${machine.name} has no disk of volume ${volumeId}`);
  }
  const bytes = hex === undefined ? Buffer.from(text ?? '', 'utf8') : Buffer.from(hex, 'hex');
  if (offsetBytes + bytes.length > plug.sizeBytes) {
    throw new RangeError(`the disk of volume ${volumeId} ends at ${String(plug.sizeBytes)}`);
  }
  const file = site.guests.volumeFile(volumeId);
  makeSparseFile(file, plug.sizeBytes);
  const descriptor = openSync(file, 'r+');
  try {
    writeSync(descriptor, bytes, 0, bytes.length, offsetBytes);
  } finally {
    closeSync(descriptor);
  }
  return { volumeId, bytes: bytes.length };
}
