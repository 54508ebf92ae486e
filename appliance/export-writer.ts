import { exportName } from '../domain/names';
import { runTool, type ToolCall } from './processes';

/** Writes to a volume through its export on the local nbdkit: the same way in for every copier, and the one that closes. */
export interface ExportRange {
  readonly socketPath: string;
  readonly volumeId: string;
  /** first byte on the volume; a multiple of 512 */
  readonly offset: number;
  /** a multiple of 512 */
  readonly bytes: number;
}

type Children = Pick<ToolCall, 'signal' | 'inherit'>;

/** As `json:` because every other form needs quoting of its own for commas and equal signs in paths (reference/storage.md). */
function rangeFile(range: ExportRange): string {
  return `json:${JSON.stringify({
    driver: 'raw',
    offset: range.offset,
    size: range.bytes,
    file: { driver: 'nbd', server: { type: 'unix', path: range.socketPath }, export: exportName(range.volumeId) },
  })}`;
}

/**
 * Writes a file into a range of the volume, flushed. Holes become zeros without being sent; where the range is known to read as
 * zeros they are left out altogether.
 *
 * @throws ToolError, or the signal's reason
 */
export async function writeRange(
  file: string,
  range: ExportRange,
  options: { readonly targetIsZero: boolean },
  children: Children,
): Promise<void> {
  await runTool({
    ...children,
    tool: 'qemu-img',
    args: [
      ...['convert', '-n', ...(options.targetIsZero ? ['--target-is-zero'] : [])],
      // its default, `unsafe`, would leave out the flush; out of order (-W) since the target is no tape
      ...['-t', 'writeback', '-W', '-m', '8'],
      ...['-f', 'raw', '-O', 'raw', file, rangeFile(range)],
    ],
  });
}

/**
 * Makes a range of the volume read as zeros, flushed, in requests of at most 1 GiB (qemu's limit is just below 2 GiB). The
 * export may free the space (-u).
 *
 * @throws ToolError, or the signal's reason
 */
export async function zeroRange(range: ExportRange, children: Children): Promise<void> {
  const step = 1024 * 1024 * 1024;
  for (let done = 0; done < range.bytes; done += step) {
    const bytes = Math.min(step, range.bytes - done);
    const part = { ...range, offset: range.offset + done, bytes };
    const commands = ['-c', `write -z -u 0 ${String(bytes)}`, '-c', 'flush'];
    await runTool({
      ...children,
      tool: 'qemu-io',
      args: ['-t', 'writeback', '-f', 'raw', ...commands, rangeFile(part)],
    });
  }
}

/**
 * Makes the device's written data durable, and says when the kernel could not: qemu-img leaves the result of its last flush out
 * of its exit status.
 *
 * @throws ToolError, or the signal's reason
 */
export async function syncDevice(deviceNode: string, children: Children): Promise<void> {
  await runTool({ ...children, tool: 'sync', args: ['--data', '--', deviceNode] });
}
