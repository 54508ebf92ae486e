import type { Tx } from './database';

/** Progress of copying and verifying one volume; written by the copier, read by status. */
export interface CopyProgress {
  readonly volumeId: string;
  readonly generation: number;
  readonly firstRunId: string;
  readonly sourceBytes: number;
  /** bytes whose windows are copied, flushed and recorded; the first byte of the next window */
  readonly watermark: number;
  /** bytes of them that were data, not holes */
  readonly dataBytes: number;
  readonly verifiedBytes: number;
  readonly startedAt: string;
  readonly updatedAt: string;
}

/** SHA-256 of one 1 GiB window of the source as it was read, 64 hex digits. */
export interface CopyWindow {
  readonly index: number;
  readonly sourceSha256: string;
}

export interface CopyProgressRows {
  /** Begins or finds the progress of this run on this volume and generation; another run's or generation's is replaced by zero. */
  begin(
    tx: Tx,
    progress: { volumeId: string; generation: number; firstRunId: string; sourceBytes: number },
  ): Promise<CopyProgress>;
  /** Records windows that are copied and flushed, in order; the watermark moves to `watermark`. */
  recordWindows(
    tx: Tx,
    volumeId: string,
    windows: readonly CopyWindow[],
    watermark: number,
    dataBytes: number,
  ): Promise<void>;
  /** Forgets windows that verification found different: they are copied again. Sets the watermark to the first of them. */
  forgetFrom(tx: Tx, volumeId: string, windowIndex: number): Promise<void>;
  setVerifiedBytes(tx: Tx, volumeId: string, bytes: number): Promise<void>;
  get(volumeId: string): Promise<CopyProgress | undefined>;
  windows(volumeId: string): Promise<CopyWindow[]>;
}
