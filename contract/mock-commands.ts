import type { Caller } from './caller';

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

/**
 * Sets it with the server's own mock commands, which a CloudStack with its simulator hypervisor has and the root admin may use.
 *
 * @returns why it could not be set, when it could not
 */
export async function configureHypervisor(
  admin: Caller,
  zoneId: string,
  conduct: HypervisorConduct,
): Promise<string | undefined> {
  const creates = conduct.where === 'storage' && conduct.command === 'attachVolume';
  const name = creates ? 'CreateObjectCommand' : agentCommands[conduct.command];
  if (name === undefined) return `which agent command ${conduct.command} becomes is not known`;
  const parameters: Record<string, string> = { zoneid: zoneId, name, value: valueOf(conduct) };
  if (conduct.every !== true) parameters['count'] = '1';
  const details = conduct.fails?.details;
  const answerClass = answerClasses[name];
  if (details !== undefined && answerClass !== undefined) {
    parameters['jsonresponse'] = JSON.stringify({ [answerClass]: { result: false, details } });
  }
  try {
    await admin.change('configureSimulator', parameters);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `the hypervisor cannot be prepared with configureSimulator (${why})`;
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
