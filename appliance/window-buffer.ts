import { randomUUID } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { z } from 'zod';
import { runTool, type ToolCall } from './processes';
import { WindowHash } from './window-hash';

/**
 * One window of the source, as it was read: a sparse file without a name that the tools of a copy inherit. The source is read
 * once; what is written to the volume and what is hashed are the same bytes, even while the source changes. (nbdkit's cache
 * filter does the same, but reads one block after the other, and everything would be hashed through a pipe, holes too.)
 */
export class WindowBuffer {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Made in TMPDIR, else in /var/tmp: it holds up to a window's data. The system frees it with the last process that has it. */
  static async create(): Promise<WindowBuffer> {
    const name = path.join(process.env['TMPDIR'] ?? '/var/tmp', `diskferry-window-${randomUUID()}`);
    const file = await open(name, 'wx+', 0o600);
    await unlink(name);
    return new WindowBuffer(file);
  }

  get descriptor(): number {
    return this.#file.fd;
  }

  /** Makes it a hole of `bytes`. */
  async clear(bytes: number): Promise<void> {
    await this.#file.truncate(0);
    await this.#file.truncate(bytes);
  }

  /** Grows it with zeros to what can be written to a disk: whole sectors, of 4 KiB at most. */
  async pad(): Promise<void> {
    const { size } = await this.#file.stat();
    await this.#file.truncate(Math.ceil(size / 4096) * 4096);
  }

  async size(): Promise<number> {
    return (await this.#file.stat()).size;
  }

  /** SHA-256 of its first `bytes`; holes are not read. */
  async hash(bytes: number, call: Pick<ToolCall, 'signal' | 'inherit'>, fileArgument: string): Promise<string> {
    const hash = new WindowHash();
    const buffer = Buffer.allocUnsafe(1024 * 1024);
    for (const extent of await fileExtents(fileArgument, call)) {
      call.signal?.throwIfAborted();
      const end = Math.min(extent.start + extent.length, bytes);
      if (!extent.data) {
        hash.zeros(Math.max(0, end - extent.start));
        continue;
      }
      for (let at = extent.start; at < end;) {
        call.signal?.throwIfAborted();
        const { bytesRead } = await this.#file.read(buffer, 0, Math.min(buffer.length, end - at), at);
        if (bytesRead === 0) throw new Error('the window file became shorter while it was read');
        await hash.data(buffer.subarray(0, bytesRead));
        at += bytesRead;
        await breathe();
      }
    }
    return hash.digest(call.signal);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

const extentsSchema = z.array(z.object({ start: z.number(), length: z.number(), data: z.boolean() }));
export type FileExtent = z.output<typeof extentsSchema>[number];

/** Data and holes of a file, in order and without gaps, as its file system knows them. */
export async function fileExtents(file: string, call: Pick<ToolCall, 'signal' | 'inherit'>): Promise<FileExtent[]> {
  const text = await runTool({ ...call, tool: 'qemu-img', args: ['map', '--output=json', '-f', 'raw', '-U', file] });
  return extentsSchema.parse(JSON.parse(text));
}
