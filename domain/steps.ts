import type { FailureCode } from './failures';

/**
 * The one table of steps: what a step is proven by, what takes it back, on which kind of task queue it runs, and the effects it
 * has. docs/steps.md is made from it; the step contract runs every effect of it cut before and after.
 */
export interface StepRow {
  readonly order: number;
  readonly does: string;
  readonly findsOwnWorkBy: string;
  readonly provenBy: string;
  /** activities that take the step back, in the order in which they run */
  readonly undo: readonly UndoName[];
  readonly queue: QueueKind;
  /** named effects, in the order in which they come */
  readonly effects: readonly string[];
  readonly failures: readonly FailureCode[];
}

export interface UndoRow {
  readonly does: string;
  readonly provenBy: string;
  readonly queue: QueueKind;
  readonly effects: readonly string[];
  readonly failures: readonly FailureCode[];
}

export type QueueKind = 'main' | 'site' | 'appliance' | 'appliance-copy';
export type StepName =
  | 'createVolume'
  | 'attachVolume'
  | 'resolveDevice'
  | 'mapDevice'
  | 'beginCopy'
  | 'openExport'
  | 'copyDisk'
  | 'verifyDisk';
export type UndoName = 'deleteVolume' | 'detachVolume' | 'confirmDeviceGone' | 'unmapDevice' | 'closeExport';

export const steps: Readonly<Record<StepName, StepRow>> = {
  createVolume: {
    order: 1,
    does: 'creates the volume, or takes the one that this disk has',
    findsOwnWorkBy: 'the volume id (root admin) or job id chosen and stored before sending, then exact name and tags',
    provenBy: 'listed with the right size, zone and tags; alone under its name',
    undo: ['deleteVolume'],
    queue: 'site',
    effects: [
      'createVolume.record',
      'createVolume.send',
      'createVolume.tag',
      'createVolume.removeDouble',
      'createVolume.finish',
    ],
    failures: ['create-failed', 'create-refused', 'volume-differs', 'job-pending'],
  },
  attachVolume: {
    order: 2,
    does: 'attaches the volume to the appliance',
    findsOwnWorkBy: 'the job id chosen and stored before sending',
    provenBy: 'the listing shows the appliance and no pending job',
    undo: ['detachVolume', 'confirmDeviceGone'],
    queue: 'site',
    effects: ['attachVolume.record', 'attachVolume.send', 'attachVolume.finish'],
    failures: ['attach-failed', 'attach-refused', 'attached-elsewhere', 'volume-gone', 'job-pending'],
  },
  resolveDevice: {
    order: 3,
    does: 'finds the device node by its serial and proves it',
    findsOwnWorkBy: 'the serial',
    provenBy: 'block device (a file on a simulated site), serial, size, not in use',
    undo: [],
    queue: 'appliance',
    effects: [],
    failures: ['device-missing', 'device-wrong', 'device-in-use'],
  },
  mapDevice: {
    order: 4,
    does: 'records the mapping under its unique device path',
    findsOwnWorkBy: 'the device path',
    provenBy: 'row read back',
    undo: ['unmapDevice'],
    queue: 'main',
    effects: ['mapDevice.record'],
    failures: ['mapping-conflict'],
  },
  beginCopy: {
    order: 5,
    does: 'makes it durable that the volume may hold data: database first, then tag and delete protection',
    findsOwnWorkBy: 'the volume row and the tag',
    provenBy: 'row, tag and protection read back',
    undo: [],
    queue: 'site',
    effects: ['beginCopy.record', 'beginCopy.tag', 'beginCopy.protect'],
    failures: ['volume-gone', 'volume-differs', 'mark-failed', 'job-pending'],
  },
  openExport: {
    order: 6,
    does: 'exports the device node over NBD',
    findsOwnWorkBy: 'the export name',
    provenBy: 'listed by a client, with the right size',
    undo: ['closeExport'],
    queue: 'appliance',
    effects: ['openExport.record', 'openExport.link', 'openExport.finish'],
    failures: ['export-failed', 'device-wrong', 'device-in-use', 'export-server-down'],
  },
  copyDisk: {
    order: 7,
    does: "copies window by window, recording each window's hash",
    findsOwnWorkBy: 'the persisted watermark',
    provenBy: 'flushed, all bytes accounted for',
    undo: [],
    queue: 'appliance-copy',
    effects: ['copyDisk.begin', 'copyDisk.window', 'copyDisk.record'],
    failures: ['copy-failed', 'source-too-large', 'copy-locked', 'device-wrong', 'device-in-use'],
  },
  verifyDisk: {
    order: 8,
    does: 'reads the device back and compares the hashes',
    findsOwnWorkBy: 'the recorded hashes',
    provenBy: 'both hashes agree',
    undo: [],
    queue: 'appliance-copy',
    effects: ['verifyDisk.progress', 'verifyDisk.record'],
    failures: ['verify-mismatch', 'verify-failed', 'copy-locked', 'device-wrong', 'device-in-use'],
  },
};

export const undos: Readonly<Record<UndoName, UndoRow>> = {
  deleteVolume: {
    does: 'deletes the volume if this owner made it and no copy ever began on it; keeps it otherwise, with the reason',
    provenBy: 'gone from the list',
    queue: 'site',
    effects: ['deleteVolume.unprotect', 'deleteVolume.record', 'deleteVolume.send', 'deleteVolume.finish'],
    failures: ['delete-failed', 'job-pending'],
  },
  detachVolume: {
    does: 'detaches the volume from the appliance, unless it was attached there before',
    provenBy: 'no VM in the listing, no pending job',
    queue: 'site',
    effects: ['detachVolume.record', 'detachVolume.send', 'detachVolume.finish'],
    failures: ['detach-failed', 'job-pending'],
  },
  confirmDeviceGone: {
    does: 'looks until the appliance no longer shows the device',
    provenBy: 'no link, no device, nobody holds it',
    queue: 'appliance',
    effects: [],
    failures: ['device-still-there'],
  },
  unmapDevice: {
    does: 'moves the live mapping to the history',
    provenBy: 'row read back',
    queue: 'main',
    effects: ['unmapDevice.record'],
    failures: [],
  },
  closeExport: {
    does: 'removes the export once nobody uses it',
    provenBy: 'not listed, no copier, no client',
    queue: 'appliance',
    effects: ['closeExport.unlink', 'closeExport.finish'],
    failures: ['export-in-use'],
  },
};
