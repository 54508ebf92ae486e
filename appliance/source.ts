import { redact } from '../domain/redact';
import type { DiskSource } from '../domain/request';
import { SourceError } from './ports';
import { errorText, runTool, serverOf, streamTool, ToolError, type ToolCall } from './processes';
import type { Window } from './window-hash';

/** Where a disk's bytes come from: an NBD server that the appliance can reach, or a raw image on the appliance itself. */

/** How long a source may take to say its size or to open. */
const OPEN_TIMEOUT_MS = 60_000;

/** The source for people; the user info of a URI, which a request must not carry, is taken out. */
export function sourceLabel(source: DiskSource): string {
  return source.kind === 'nbd' ? redact(source.uri) : source.path;
}

/**
 * Opens the source and tells its size in bytes.
 *
 * @throws SourceError, or the signal's reason
 */
export async function sourceSize(source: DiskSource, call: Pick<ToolCall, 'signal' | 'inherit'>): Promise<number> {
  const text = await asSourceError(source, () =>
    runTool({ ...call, tool: 'nbdinfo', args: ['--size', '--', ...address(source)], timeoutMs: OPEN_TIMEOUT_MS }),
  );
  const size = Number(text.trim());
  if (!Number.isSafeInteger(size) || size <= 0) {
    throw new SourceError(sourceLabel(source), `it says that it holds ${text.trim()} bytes`);
  }
  return size;
}

/**
 * How many bytes of each of the windows, which begin at 0, the source shows as data; the rest reads as zeros and need not be read. A source that keeps no
 * such map shows all of it as data.
 *
 * @throws SourceError, or the signal's reason
 */
export async function dataBytesOfWindows(
  source: DiskSource,
  windows: readonly Window[],
  call: Pick<ToolCall, 'signal' | 'inherit'>,
): Promise<number[]> {
  const dataBytes = windows.map(() => 0);
  const windowBytes = windows[0]?.bytes ?? 1;
  const take = (line: string) => {
    const extent = /^\s*(\d+)\s+(\d+)\s+(\d+)/.exec(line);
    if (extent === null) return;
    const [offset, length, flags] = extent.slice(1).map(Number) as [number, number, number];
    // bit 1 (NBD_STATE_ZERO) promises zeros; bit 0 (NBD_STATE_HOLE) alone promises nothing about what is read
    if ((flags & 2) !== 0) return;
    for (let at = offset; at < offset + length;) {
      const index = Math.floor(at / windowBytes);
      const end = Math.min(offset + length, (index + 1) * windowBytes);
      dataBytes[index] = (dataBytes[index] ?? 0) + end - at;
      at = end;
    }
  };
  let rest = '';
  // lines, not --json: a badly fragmented disk has millions of extents
  await asSourceError(source, () =>
    streamTool({ ...call, tool: 'nbdinfo', args: ['--map', '--', ...address(source)] }, (chunk) => {
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(take);
    }),
  );
  take(rest);
  return dataBytes;
}

/** Arguments by which nbdcopy reads one range of the source, through a server that it starts and ends itself. */
export function sourceRange(source: DiskSource, offset: number, bytes: number): string[] {
  const range = [`offset=${String(offset)}`, `range=${String(bytes)}`];
  const plugin = source.kind === 'nbd' ? ['nbd', `uri=${source.uri}`] : ['file', `file=${source.path}`];
  return serverOf('nbdcopy', [...READ_ONLY_SERVER, '--filter=offset', ...plugin, ...range]);
}

const READ_ONLY_SERVER = ['nbdkit', '--foreground', '--readonly'];

/** Arguments by which nbdinfo finds the source. */
function address(source: DiskSource): string[] {
  return source.kind === 'nbd'
    ? [source.uri]
    : serverOf('nbdinfo', [...READ_ONLY_SERVER, 'file', `file=${source.path}`]);
}

/** Says of a failed tool that the source was the reason; a cancel stays a cancel. */
export async function asSourceError<T>(source: DiskSource, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ToolError) throw new SourceError(sourceLabel(source), errorText(error));
    throw error;
  }
}
