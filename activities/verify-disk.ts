import { sourceVmPath } from '../domain/names';
import { CopyLockedError, DeviceError, CopyError } from '../appliance/ports';
import { diskHash } from '../appliance/window-hash';
import { failure } from '../domain/failures';
import { GIB } from '../domain/sizes';
import { type VerifyDiskInput, verifyDiskInputSchema } from '../domain/step-io';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import type { CopyWork } from './copy-work';
import { deviceFailure } from './device-failure';
import { fenceOf } from './fence-of';
import type { CopyActivities } from './queues';

/**
 * verifyDisk: what the device gives back past the page cache has the hashes of what was read from the source, window by window,
 * and the volume's tail is zeros. Only then is the volume called verified.
 *
 * A window that differs is forgotten, with all after it, before the failure is thrown: the next copy writes it again.
 *
 * Sources: design §7; field.md C12 (a copy that was reported as success and left a blank disk).
 */
export function makeVerifyDisk(work: CopyWork): CopyActivities['verifyDisk'] {
  return activity(
    'verifyDisk',
    work.run,
    verifyDiskInputSchema,
    (disk) => disk,
    async (disk, run) => {
      const { diskKey, volumeId, volumeBytes } = disk;
      const fail = (cause: string) => failure('verify-failed', { diskKey, volumeId, cause, vm: sourceVmPath(disk) });
      const progress = await work.progress.get(volumeId);
      const source = (await work.progress.windows(volumeId)).map((window) => window.sourceSha256);
      if (progress === undefined || progress.watermark < progress.sourceBytes)
        throw fail('it was not copied to its end');
      const sourceHash = diskHash(source);
      const { sourceBytes } = progress;
      const ofThisRun = progress.firstRunId === disk.firstRunId && progress.verifiedBytes >= sourceBytes;
      if (ofThisRun && (await work.volumes.get(volumeId))?.verifiedHash === sourceHash) {
        return { sourceHash, targetHash: sourceHash };
      }

      const { windows, tailIsZero } = await readBack(work, run, disk, sourceBytes);
      const target = [...windows].sort((a, b) => a.index - b.index).map((window) => window.sha256);
      const bad = source.flatMap((hash, index) => (target[index] === hash ? [] : [index]));
      const first = bad[0] ?? (tailIsZero && target.length === source.length ? undefined : source.length);
      if (first !== undefined) {
        await work.effect('verifyDisk.record', () =>
          work.database.fenced(fenceOf(disk, run), (tx) => work.progress.forgetFrom(tx, volumeId, first)),
        );
        throw failure('verify-mismatch', {
          diskKey,
          volumeId,
          windows: Math.max(bad.length, 1),
          offset: Math.min(first * GIB, sourceBytes),
          vm: sourceVmPath(disk),
        });
      }
      await work.effect('verifyDisk.record', () =>
        work.database.fenced(fenceOf(disk, run), async (tx) => {
          await work.progress.setVerifiedBytes(tx, volumeId, sourceBytes);
          await work.volumes.setVerified(tx, volumeId, sourceHash);
        }),
      );
      work.log.info(
        { volume_uuid: volumeId, disk_key: diskKey, bytes: volumeBytes, hash: sourceHash },
        'Volume verified',
      );
      return { sourceHash, targetHash: diskHash(target) };
    },
  );
}

/** Reads the device back; after a verification that was cut off, from the begin: reading costs nothing that was written. */
async function readBack(
  work: CopyWork,
  run: ActivityRun,
  disk: VerifyDiskInput,
  sourceBytes: number,
): Promise<Awaited<ReturnType<CopyWork['verifier']['verify']>>> {
  const { diskKey, volumeId, volumeBytes, device } = disk;
  try {
    await work.resolver.reprove(volumeId, device);
    return await work.verifier.verify({
      volumeId,
      device,
      sourceBytes,
      volumeBytes,
      signal: run.signal,
      onProgress: async (verifiedBytes) => {
        run.heartbeat({ verifiedBytes });
        await work.effect('verifyDisk.progress', () =>
          work.database.fenced(fenceOf(disk, run), (tx) => work.progress.setVerifiedBytes(tx, volumeId, verifiedBytes)),
        );
      },
    });
  } catch (error) {
    if (error instanceof DeviceError) throw deviceFailure(error, disk);
    if (error instanceof CopyLockedError) {
      throw failure('copy-locked', { volumeId, lock: error.lockPath }, { cause: error });
    }
    if (error instanceof CopyError) {
      const cause = `at byte ${String(error.offset)}: ${error.evidence}`;
      throw failure('verify-failed', { diskKey, volumeId, cause, vm: sourceVmPath(disk) }, { cause: error });
    }
    throw error;
  }
}
