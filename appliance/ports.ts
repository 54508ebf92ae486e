import type { DeviceProof } from '../domain/step-io';
import type { DiskSource } from '../domain/request';

/** What must run where the devices are. Made per appliance from its configuration; see the files of the same names. */

export interface DeviceResolver {
  /**
   * Finds a volume's device by its serial and proves it: block device (a regular file only on a simulated appliance), serial,
   * size, not read-only, not mounted, no holders, opened O_EXCL.
   *
   * @throws DeviceError `missing` (no link yet), `wrong` (serial, size, kind) or `in-use`
   */
  prove(volumeId: string, minBytes: number): Promise<DeviceProof>;
  /** Proves again that a device is what it was (boot id, diskseq or inode, serial, size); before each window. Throws DeviceError `wrong`. */
  reprove(volumeId: string, proof: DeviceProof): Promise<void>;
  /** Whether neither link nor device of the volume's serial is there and no process holds it; the evidence when not. */
  gone(volumeId: string): Promise<{ gone: true } | { gone: false; evidence: string }>;
  bootId(): Promise<string>;
}

export class DeviceError extends Error {
  constructor(
    readonly kind: 'missing' | 'wrong' | 'in-use',
    /** for people: what was looked at and what it showed */
    readonly evidence: string,
    readonly deviceNode?: string,
  ) {
    super(evidence);
    this.name = 'DeviceError';
  }
}

export interface ExportLinks {
  readonly socketPath: string;
  /** Creates or repairs the link atomically (made in the staging folder, renamed in). */
  open(volumeId: string, deviceNode: string): Promise<void>;
  /** Removes the link; false when there was none. */
  close(volumeId: string): Promise<boolean>;
  /** Asked from the client's side (nbdinfo through the local socket): undefined when not served. Throws ExportServerError. */
  look(volumeId: string): Promise<{ sizeBytes: number } | undefined>;
  /** Volume ids of all links, whoever made them. */
  list(): Promise<string[]>;
  /** Processes that hold the device open (through /proc), as text; empty when nobody does. */
  holders(volumeId: string, deviceNode: string): Promise<string[]>;
  /** NBD URI of the export on the local socket. */
  uri(volumeId: string): string;
}

/** The local nbdkit does not answer. */
export class ExportServerError extends Error {
  constructor(
    readonly socketPath: string,
    readonly evidence: string,
  ) {
    super(evidence);
    this.name = 'ExportServerError';
  }
}

export interface CopyWindowResult {
  readonly index: number;
  readonly offset: number;
  readonly bytes: number;
  /** bytes of the window that the source shows as data */
  readonly dataBytes: number;
  readonly sourceSha256: string;
}

export interface Copier {
  /** Opens the source and tells its size; throws SourceError. */
  inspect(source: DiskSource, signal?: AbortSignal): Promise<{ sizeBytes: number }>;
  /**
   * Copies from window `firstWindow` to the end, then zeroes the tail of a larger volume, under the volume's copy lock. Each
   * window is read once, written, flushed, and handed to `onWindow` (awaited) in order; windows of zeros come in one call.
   *
   * @throws SourceError, CopyError (with the offset), CopyLockedError, or the signal's reason
   */
  copy(job: CopyJob): Promise<{ sourceBytes: number }>;
}

export interface CopyJob {
  readonly volumeId: string;
  readonly source: DiskSource;
  readonly device: DeviceProof;
  readonly volumeBytes: number;
  /** holes need no writing: the volume is known to read as zeros, so no attempt at it ever began before */
  readonly targetIsZero: boolean;
  readonly firstWindow: number;
  /** the size that the source had when the copy began; any other is a SourceError */
  readonly sourceBytes?: number;
  readonly signal: AbortSignal;
  onWindow(windows: readonly CopyWindowResult[]): Promise<void>;
  /** called before the first byte of a window is written, and again before each further one */
  beforeWindow(): Promise<void>;
  /** source bytes read so far, inside a window too; a hint for a live view, neither written nor flushed yet */
  onBytes?(bytes: number): void;
}

export interface Verifier {
  /**
   * Reads the device back past the page cache, window by window, under the volume's copy lock, and hashes it: the windows of the
   * source's length, then the tail, which must be zeros. A simulated file's holes count as zeros without being read.
   *
   * @throws CopyError (with the offset), CopyLockedError, or the signal's reason
   */
  verify(job: VerifyJob): Promise<{ windows: readonly { index: number; sha256: string }[]; tailIsZero: boolean }>;
}

export interface VerifyJob {
  readonly volumeId: string;
  readonly device: DeviceProof;
  readonly sourceBytes: number;
  readonly volumeBytes: number;
  readonly signal: AbortSignal;
  onProgress(verifiedBytes: number): Promise<void>;
}

export class SourceError extends Error {
  constructor(
    readonly source: string,
    readonly evidence: string,
  ) {
    super(evidence);
    this.name = 'SourceError';
  }
}

export class CopyError extends Error {
  constructor(
    readonly offset: number,
    readonly evidence: string,
  ) {
    super(evidence);
    this.name = 'CopyError';
  }
}

/** Another process holds the volume's copy lock. */
export class CopyLockedError extends Error {
  constructor(readonly lockPath: string) {
    super(`lock ${lockPath} is held`);
    this.name = 'CopyLockedError';
  }
}

export interface CopyLock {
  /** True when the lock of the volume can be obtained now: no copier of an earlier attempt lives. */
  isFree(volumeId: string): Promise<boolean>;
  path(volumeId: string): string;
}

/** How this machine proves that it is the appliance VM. */
export interface ApplianceIdentity {
  /** `ok` with what proved it, or not, with what was seen instead. */
  prove(expected: {
    applianceId: string;
    macAddresses: readonly string[];
  }): Promise<{ ok: true; how: string } | { ok: false; evidence: string }>;
}

/** Checks that the tools of the appliance are there and run (nbdkit, nbdinfo, nbdcopy, qemu-img, qemu-io, flock, setpriv). */
export interface ApplianceTools {
  check(): Promise<{ ok: true } | { ok: false; tool: string; evidence: string }>;
}

/** A command of the operator's, to be run once. */
export interface CommandCall {
  /** program and arguments */
  readonly command: readonly [string, ...string[]];
  /** variables beside PATH, HOME, TMPDIR and LC_ALL */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** open file descriptors that it gets as 3, 4, … */
  readonly inherit?: readonly number[];
}

/** How a command ended. */
export interface CommandEnd {
  /** exit status 0 */
  readonly ok: boolean;
  /** `exit status 3`, `signal SIGKILL`, or that it took too long */
  readonly status: string;
  /** the end of what it wrote, without secrets */
  readonly output: string;
}

/** Runs a command of the operator's to its end. @throws the signal's reason */
export type RunCommand = (call: CommandCall) => Promise<CommandEnd>;

export interface GuestSteps {
  /**
   * Holds the copy locks of a guest's disks while `act` runs.
   *
   * @throws CopyLockedError when another process holds one
   */
  hold<T>(disks: readonly GuestDisk[], act: (held: HeldDisks) => Promise<T>): Promise<T>;
}

/** The disks of a guest, locked. */
export interface HeldDisks {
  /**
   * Runs a command that may write the disks; what it wrote is flushed when it ended well. Every process of it has the locks too, and
   * none of them is left when this returns.
   *
   * @param libvirtXml - handed to the command in a file, whose name becomes its last argument
   * @throws the signal's reason; CopyError when the disks cannot be flushed; CopyLockedError when something of it cannot be ended
   */
  run(call: Omit<CommandCall, 'inherit'>, libvirtXml?: string): Promise<CommandEnd>;
}

/** A disk of a guest, as much as the locks and the flush need. */
export interface GuestDisk {
  readonly volumeId: string;
  readonly device: Pick<DeviceProof, 'deviceNode'>;
}
