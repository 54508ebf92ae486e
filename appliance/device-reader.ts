import { CopyError } from './ports';
import { errorText, runTool, streamTool, ToolError, type ToolCall } from './processes';

/** O_DIRECT wants offsets, lengths and memory in whole sectors; 4 KiB suits every disk. */
const SECTOR = 4096;

export interface DeviceReaderOptions extends Pick<ToolCall, 'signal' | 'inherit'> {
  /** read through the page cache where the file system refuses O_DIRECT; only for files that stand for a device */
  readonly mayUseCache: boolean;
}

/**
 * Reads a device past the page cache: what the storage gives back, not what the kernel remembers of the writing. With dd, since
 * Node has no memory that O_DIRECT takes (reference/storage.md).
 */
export class DeviceReader {
  readonly #device: string;
  readonly #flag: 'direct' | 'nocache';
  readonly #options: DeviceReaderOptions;

  private constructor(device: string, flag: 'direct' | 'nocache', options: DeviceReaderOptions) {
    this.#device = device;
    this.#flag = flag;
    this.#options = options;
  }

  /** @throws CopyError when the device cannot be opened, or not past the page cache */
  static async open(device: string, options: DeviceReaderOptions): Promise<DeviceReader> {
    const { signal, inherit = [] } = options;
    const probe = ['iflag=direct', `bs=${String(SECTOR)}`, 'count=1', 'of=/dev/null', 'status=none'];
    try {
      await runTool({ signal, inherit, tool: 'dd', args: [`if=${device}`, ...probe] });
      return new DeviceReader(device, 'direct', options);
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      if (!options.mayUseCache || !error.stderr.includes('Invalid argument')) throw new CopyError(0, errorText(error));
      return new DeviceReader(device, 'nocache', options);
    }
  }

  /**
   * Hands on the bytes of a range, in order.
   *
   * @throws CopyError, the signal's reason, or the error of `onChunk`
   */
  async read(offset: number, bytes: number, onChunk: (chunk: Buffer) => Promise<void>): Promise<void> {
    const { signal, inherit = [] } = this.#options;
    const start = Math.floor(offset / SECTOR) * SECTOR;
    const length = Math.ceil((offset + bytes - start) / SECTOR) * SECTOR;
    const args = [
      ...[`if=${this.#device}`, `iflag=${this.#flag},fullblock,skip_bytes,count_bytes`, 'bs=4M', 'status=none'],
      ...[`skip=${String(start)}`, `count=${String(length)}`],
    ];
    let before = offset - start;
    let left = bytes;
    try {
      await streamTool({ signal, inherit, tool: 'dd', args }, async (chunk) => {
        const wanted = chunk.subarray(Math.min(before, chunk.length), before + left);
        before = Math.max(0, before - chunk.length);
        left -= wanted.length;
        if (wanted.length > 0) await onChunk(wanted);
      });
    } catch (error) {
      if (error instanceof ToolError) throw new CopyError(offset + bytes - left, errorText(error));
      throw error;
    }
    if (left > 0) throw new CopyError(offset + bytes - left, `the device ends ${String(left)} bytes too early`);
  }
}
