import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { until } from '../../support/until';
import type { Greeting, Question } from '../agent/protocol';
import { Qmp } from './qmp';

/** Far more than it takes: other tests may have both cores. */
const SILENCE_MS = 150_000;

/** One run of qemu, from power on to power off, with the agent inside. */
export class RunningGuest {
  private readonly answers: AsyncIterator<string>;
  greeting: Greeting = { kernel: '', uptimeSeconds: 0 };

  private constructor(
    private readonly folder: string,
    private readonly qemu: ChildProcess,
    readonly qmp: Qmp,
    private readonly agent: Socket,
  ) {
    this.answers = createInterface({ input: agent })[Symbol.asyncIterator]();
  }

  /**
   * Switches a guest on and waits for its agent.
   *
   * @param folder where its sockets and its console's log are made
   * @param prepare called before the guest's first instruction, to plug what it shall find at its start
   */
  static async start(
    folder: string,
    files: { readonly kernel: string; readonly image: string },
    prepare: (qmp: Qmp) => Promise<void>,
  ): Promise<RunningGuest> {
    const [qmpSocket, agentSocket] = ['qmp', 'agent'].map((name) => path.join(folder, `${name}.sock`)) as [
      string,
      string,
    ];
    for (const socket of [qmpSocket, agentSocket]) rmSync(socket, { force: true });
    const qemu = startQemu(folder, qmpSocket, agentSocket, files);
    try {
      await until(() => {
        if (qemu.exitCode !== null) throw new Error(`qemu ended with ${String(qemu.exitCode)}`);
        return existsSync(qmpSocket) && existsSync(agentSocket);
      });
      const agent = connect(agentSocket);
      await once(agent, 'connect');
      const guest = new RunningGuest(folder, qemu, await Qmp.open(qmpSocket), agent);
      await prepare(guest.qmp);
      // It waited (-S) until somebody listens, so that its first words are not lost.
      await guest.qmp.run('cont');
      guest.greeting = JSON.parse(await guest.line()) as Greeting;
      return guest;
    } catch (error) {
      qemu.kill('SIGKILL');
      throw error;
    }
  }

  /** @throws Error with the guest's own words, or its console's when it says nothing */
  async ask<Value>(question: Question): Promise<Value> {
    this.agent.write(`${JSON.stringify(question)}\n`);
    const answer = JSON.parse(await this.line()) as { value: Value } | { error: string };
    if ('error' in answer) throw new Error(`in the guest, ${question.ask}: ${answer.error}`);
    return answer.value;
  }

  async powerOff(): Promise<void> {
    this.agent.destroy();
    this.qmp.close();
    if (this.qemu.exitCode !== null || this.qemu.signalCode !== null) return;
    const ended = once(this.qemu, 'exit');
    this.qemu.kill('SIGKILL');
    await ended;
  }

  private async line(): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`the guest says nothing; its console:\n${this.consoleText()}`));
      }, SILENCE_MS);
    });
    try {
      const line = await Promise.race([this.answers.next(), silence]);
      if (line.done === true) throw new Error(`the guest has ended; its console:\n${this.consoleText()}`);
      return line.value;
    } finally {
      clearTimeout(timer);
    }
  }

  private consoleText(): string {
    return readFileSync(path.join(this.folder, 'console.log'), 'utf8').slice(-4000);
  }
}

/** It dies with this process, whatever becomes of it. Hot-plug on q35 needs ports (reference/cloudstack-api.md §7). */
function startQemu(
  folder: string,
  qmpSocket: string,
  agentSocket: string,
  { kernel, image }: { readonly kernel: string; readonly image: string },
): ChildProcess {
  const ports = [1, 2, 3, 4, 5, 6, 7].map(String);
  const args = [
    ...['-accel', 'tcg', '-machine', 'q35', '-cpu', 'max', '-m', '512', '-nodefaults', '-display', 'none', '-S'],
    ...['-kernel', kernel, '-initrd', image, '-append', 'console=ttyS0 quiet panic=-1', '-no-reboot'],
    ...['-chardev', `socket,id=qmp,path=${qmpSocket},server=on,wait=off`, '-mon', 'chardev=qmp,mode=control'],
    ...['-serial', `file:${path.join(folder, 'console.log')}`],
    ...['-chardev', `socket,id=agent,path=${agentSocket},server=on,wait=off`, '-serial', 'chardev:agent'],
    ...['-device', 'virtio-scsi-pci,id=scsi0'],
    ...ports.flatMap((port) => ['-device', `pcie-root-port,id=port${port},chassis=${port},slot=${port}`]),
  ];
  return spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
