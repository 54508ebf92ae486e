import type { DiskSource } from '../domain/request';
import { CopyError, SourceError } from './ports';
import { streamTool, ToolError } from './processes';
import { asSourceError, sourceLabel, sourceRange } from './source';
import type { Window } from './window-hash';

/** A source that gives nothing for so long is taken to be gone: a silent network would be waited for without end. */
const STALL_MS = 5 * 60_000;

export interface WindowFetch {
  readonly source: DiskSource;
  readonly window: Window;
  /** the file that takes the window, empty and as long as the window */
  readonly file: string;
  readonly children: { readonly signal: AbortSignal; readonly inherit: readonly number[] };
  /** bytes of the window that have come */
  onBytes(bytes: number): void;
  readonly stallMs?: number;
}

/**
 * Reads one window of the source into a file, sparse, with many requests on the way at a time.
 *
 * @throws SourceError, CopyError when the file cannot take it, or the signal's reason
 */
export async function fetchWindow(fetch: WindowFetch): Promise<void> {
  const { source, window, children } = fetch;
  const stallMs = fetch.stallMs ?? STALL_MS;
  const stalled = new AbortController();
  const stall = () => {
    stalled.abort(
      new SourceError(
        sourceLabel(source),
        `it gave nothing for ${String(stallMs / 1000)} s, at byte ${String(window.offset)}`,
      ),
    );
  };
  let timer = setTimeout(stall, stallMs);
  const args = ['--progress=1', '--', ...sourceRange(source, window.offset, window.bytes), fetch.file];
  const signal = AbortSignal.any([children.signal, stalled.signal]);
  try {
    await asSourceError(source, async () => {
      try {
        // it writes "N/100" lines, one per percent
        await streamTool({ ...children, signal, tool: 'nbdcopy', args }, (chunk) => {
          clearTimeout(timer);
          timer = setTimeout(stall, stallMs);
          const percent = /(\d+)\/100\s*$/.exec(chunk.toString('latin1'))?.[1];
          if (percent !== undefined) fetch.onBytes(Math.floor((window.bytes * Number(percent)) / 100));
        });
      } catch (error) {
        if (error instanceof ToolError && /No space left|Disk quota/.test(error.stderr)) {
          throw new CopyError(window.offset, `no room for one window in TMPDIR: ${error.stderr}`);
        }
        throw error;
      }
    });
  } finally {
    clearTimeout(timer);
  }
}
