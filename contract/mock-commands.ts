import type { Caller } from './caller';
import { isFields } from './recording';

/** The agent commands that a command of the API becomes (reference §5.5). */
const agentCommands: Readonly<Record<string, string>> = {
  attachVolume: 'AttachCommand',
  detachVolume: 'DettachCommand',
  deleteVolume: 'DeleteCommand',
  destroyVolume: 'DeleteCommand',
  startVirtualMachine: 'StartCommand',
  stopVirtualMachine: 'StopCommand',
  createSnapshot: 'CreateObjectCommand',
  resizeVolume: 'ResizeVolumeCommand',
};

/** The class of the answer that the server expects, where a plain one would only fail a cast. */
const answerClasses: Readonly<Record<string, string>> = {
  AttachCommand: 'org.apache.cloudstack.storage.command.AttachAnswer',
  DettachCommand: 'org.apache.cloudstack.storage.command.DettachAnswer',
};

/** How the simulator hypervisor shall take the next command that an API command becomes. */
export interface HypervisorConduct {
  /** the command of the API */
  readonly command: string;
  readonly where: 'hypervisor' | 'storage';
  /** it fails; with these details, or as the mock itself words it */
  readonly fails?: { readonly details?: string };
  readonly waitMs?: number;
  /** for every call, not only the next */
  readonly every?: boolean;
}

/** The server's own mock commands, which a CloudStack with its simulator hypervisor has and the root admin may use. */
export class MockCommands {
  private readonly set = new Set<string>();

  constructor(
    private readonly admin: Caller,
    private readonly zoneId: string,
  ) {}

  /** @returns why it could not be set, when it could not */
  async configure(conduct: HypervisorConduct): Promise<string | undefined> {
    const creates = conduct.where === 'storage' && conduct.command === 'attachVolume';
    const name = creates ? 'CreateObjectCommand' : agentCommands[conduct.command];
    if (name === undefined) return `which agent command ${conduct.command} becomes is not known`;
    const parameters: Record<string, string> = { zoneid: this.zoneId, name, value: valueOf(conduct) };
    if (conduct.every !== true) parameters['count'] = '1';
    const details = conduct.fails?.details;
    const answerClass = answerClasses[name];
    if (details !== undefined && answerClass !== undefined) {
      parameters['jsonresponse'] = JSON.stringify({ [answerClass]: { result: false, details } });
    }
    try {
      const { simulatormock } = await this.admin.change('configureSimulator', parameters);
      if (isFields(simulatormock)) this.set.add(String(simulatormock['id']));
      return undefined;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return `the hypervisor cannot be prepared with configureSimulator (${why})`;
    }
  }

  /** Takes back what was set, whether it was met or not: the next scenario must not meet it. */
  async takeBack(): Promise<void> {
    for (const id of this.set) await this.admin.change('cleanupSimulatorMock', { id }).catch(() => undefined);
    this.set.clear();
  }
}

/** Options are split at `|`, whatever the description of the command says. */
function valueOf({ fails, waitMs }: HypervisorConduct): string {
  const options = [];
  if (waitMs !== undefined) options.push(`wait:${String(waitMs)}`);
  // With an answer of its own the mock needs no result, but it needs a value.
  if (fails !== undefined) options.push(fails.details === undefined ? 'result:fail' : 'wait:1');
  return options.join('|');
}
