import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

interface QmpLine {
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
  readonly event?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Qemu's control socket (qemu: docs/interop/qmp-spec.txt): one command at a time. */
export class Qmp {
  private readonly events = new EventEmitter();
  private readonly waiting: ((line: QmpLine) => void)[] = [];

  private constructor(private readonly socket: Socket) {
    createInterface({ input: socket }).on('line', (text) => {
      const line = JSON.parse(text) as QmpLine;
      if (line.event !== undefined) this.events.emit(line.event, line.data);
      else if ('return' in line || line.error !== undefined) this.waiting.shift()?.(line);
    });
    socket.once('close', () => {
      for (const answer of this.waiting.splice(0)) answer({ error: { class: 'Closed', desc: 'qemu has ended' } });
    });
  }

  static async open(socketPath: string): Promise<Qmp> {
    const socket = connect(socketPath);
    await once(socket, 'connect');
    const qmp = new Qmp(socket);
    await qmp.run('qmp_capabilities');
    return qmp;
  }

  /** @throws Error with qemu's own words */
  async run(execute: string, parameters: object = {}): Promise<unknown> {
    const answer = new Promise<QmpLine>((resolve) => this.waiting.push(resolve));
    this.socket.write(`${JSON.stringify({ execute, arguments: parameters })}\n`);
    const line = await answer;
    if (line.error !== undefined) throw new Error(`${execute}: ${line.error.desc}`);
    return line.return;
  }

  /** Takes a device out and waits until the guest has let go of it. */
  async remove(device: string): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      const look = (data: { device?: string }): void => {
        if (data.device !== device) return;
        this.events.off('DEVICE_DELETED', look);
        resolve();
      };
      this.events.on('DEVICE_DELETED', look);
    });
    await this.run('device_del', { id: device });
    await gone;
  }

  close(): void {
    this.socket.destroy();
  }
}
