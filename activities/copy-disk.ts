import { sourceVmPath } from '../domain/names';
import { type CopyWindowResult, CopyError, CopyLockedError, DeviceError, SourceError } from '../appliance/ports';
import { diskHash } from '../appliance/window-hash';
import type { CopyProgress } from '../database/copy-progress';
import { failure } from '../domain/failures';
import type { DiskSource } from '../domain/request';
import { GIB } from '../domain/sizes';
import { type CopyDiskInput, copyDiskInputSchema } from '../domain/step-io';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import type { CopyWork } from './copy-work';
import { deviceFailure } from './device-failure';
import { fenceOf } from './fence-of';
import type { CopyActivities } from './queues';

/**
 * copyDisk: every byte of the source is on the device, flushed, and the hash of every 1 GiB window of what was read is recorded.
 *
 * Why it can be cut off anywhere: a window is recorded, fenced, only after it was flushed, so the watermark in the database is the
 * place to go on from, and a killed copy loses one window at most. Before each window the device is proven again: an appliance
 * that was started anew may show another disk under the same node.
 *
 * Whether the volume may count as zeros is decided here and not by whoever asked: only a new volume of a site that says so, and
 * only until something may have been written: what a cut-off window left is unknown, so a copy that goes on writes zeros too.
 *
 * Sources: design §7 "Windows"; reference storage.
 */
export function makeCopyDisk(work: CopyWork): CopyActivities['copyDisk'] {
  return activity(
    'copyDisk',
    work.run,
    copyDiskInputSchema,
    (disk) => disk,
    async (disk, run) => {
      const { volumeId, volumeBytes, source, device } = disk;
      let offset = 0;
      try {
        const { sizeBytes: sourceBytes } = await work.copier.inspect(source, run.signal);
        if (sourceBytes > volumeBytes) {
          throw failure('source-too-large', {
            diskKey: disk.diskKey,
            source: describeSource(source),
            sourceBytes,
            volumeBytes,
          });
        }
        const before = await work.progress.get(volumeId);
        const progress = await begin(work, run, disk, sourceBytes);
        offset = progress.watermark;
        const recorder = new WindowRecorder(work, run, disk, progress);
        await work.effect('copyDisk.window', () =>
          work.copier.copy({
            volumeId,
            source,
            device,
            volumeBytes,
            targetIsZero: disk.targetIsZero && work.newVolumesAreZero && before === undefined,
            firstWindow: windowsWithin(progress.watermark, sourceBytes),
            signal: run.signal,
            beforeWindow: () => work.resolver.reprove(volumeId, device),
            onWindow: async (windows) => {
              await recorder.record(windows);
              offset = recorder.watermark;
            },
          }),
        );
        return await account(work, volumeId, sourceBytes);
      } catch (error) {
        throw copyFailure(error, disk, offset);
      }
    },
  );
}

/** A source in words, for messages; it holds no secret by its schema. */
export function describeSource(source: DiskSource): string {
  return source.kind === 'nbd' ? source.uri : source.path;
}

/** Windows that a watermark has behind it; all of them at the end of a source that is no multiple of a window. */
function windowsWithin(watermark: number, sourceBytes: number): number {
  return watermark >= sourceBytes ? Math.ceil(sourceBytes / GIB) : Math.floor(watermark / GIB);
}

async function begin(
  work: CopyWork,
  run: ActivityRun,
  disk: CopyDiskInput,
  sourceBytes: number,
): Promise<CopyProgress> {
  const { volumeId, sourceRevision = 0 } = disk;
  // Windows of another source would make a disk that never was: its progress is its own.
  const firstRunId = sourceRevision === 0 ? disk.firstRunId : `${disk.firstRunId}#${String(sourceRevision)}`;
  const record = await work.volumes.get(volumeId);
  if (record?.copyBegun !== true) throw new Error(`no copy may write volume ${volumeId}: beginCopy has not marked it`);
  return await work.effect('copyDisk.begin', () =>
    work.database.fenced(fenceOf(disk, run), (tx) =>
      work.progress.begin(tx, { volumeId, generation: record.generation, firstRunId, sourceBytes }),
    ),
  );
}

/** Records windows as they are flushed, and knows the totals. */
class WindowRecorder {
  watermark: number;
  #dataBytes: number;

  constructor(
    private readonly work: CopyWork,
    private readonly run: ActivityRun,
    private readonly disk: CopyDiskInput,
    progress: CopyProgress,
  ) {
    this.watermark = progress.watermark;
    this.#dataBytes = progress.dataBytes;
  }

  async record(windows: readonly CopyWindowResult[]): Promise<void> {
    const last = windows.at(-1);
    if (last === undefined) return;
    this.run.heartbeat({ copiedBytes: last.offset + last.bytes });
    const watermark = last.offset + last.bytes;
    const dataBytes = this.#dataBytes + windows.reduce((sum, window) => sum + window.dataBytes, 0);
    await this.work.effect('copyDisk.record', () =>
      this.work.database.fenced(fenceOf(this.disk, this.run), (tx) =>
        this.work.progress.recordWindows(
          tx,
          this.disk.volumeId,
          windows.map(({ index, sourceSha256 }) => ({ index, sourceSha256 })),
          watermark,
          dataBytes,
        ),
      ),
    );
    this.watermark = watermark;
    this.#dataBytes = dataBytes;
  }
}

/** All bytes accounted for: a recorded hash for every window of the source, in order, and none more. */
async function account(
  work: CopyWork,
  volumeId: string,
  sourceBytes: number,
): Promise<{ sourceBytes: number; sourceHash: string }> {
  const windows = await work.progress.windows(volumeId);
  const whole = windows.length === Math.ceil(sourceBytes / GIB) && windows.every((window, at) => window.index === at);
  if (!whole) throw new CopyError(windows.length * GIB, `${String(windows.length)} windows are recorded, not all`);
  return { sourceBytes, sourceHash: diskHash(windows.map((window) => window.sourceSha256)) };
}

function copyFailure(error: unknown, disk: CopyDiskInput, offset: number): unknown {
  const { diskKey, volumeId } = disk;
  if (error instanceof DeviceError) return deviceFailure(error, disk);
  if (error instanceof CopyLockedError) {
    return failure('copy-locked', { volumeId, lock: error.lockPath }, { cause: error });
  }
  // A source that was readable when the run began counts as failed, not refused: its server may come back.
  if (error instanceof SourceError || error instanceof CopyError) {
    return failure(
      'copy-failed',
      {
        diskKey,
        source: describeSource(disk.source),
        volumeId,
        offset: error instanceof CopyError ? error.offset : offset,
        cause: error.evidence,
        vm: sourceVmPath(disk),
      },
      { cause: error },
    );
  }
  return error;
}
