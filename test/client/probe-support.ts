import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LoggedRequest } from '../../simulator/request-log';
import { startSimulator, type RunningSimulator } from '../../simulator/start';
import type { WorldFile } from '../../simulator/world-file';
import { simulatorControl, type SimulatorControl } from '../support/simulator-control';
import { diskferry, type CliRun } from './support';

/** One site's section of a configuration; what is left out is right for the demo world. */
export interface SiteSection {
  readonly endpoint?: string;
  readonly account?: string;
  readonly secretKey?: string;
  readonly zone?: string;
  readonly diskOffering?: string;
  readonly dataDiskLimit?: number;
  readonly requestsPerSecond?: number;
  /** ids, each with how it is proven */
  readonly appliances?: Readonly<Record<string, 'nic' | 'file' | 'dmi'>>;
}

/** A simulator in this process, and the command line run against it with a configuration of its own. */
export interface ProbeWorld {
  readonly simulator: RunningSimulator;
  readonly control: SimulatorControl;
  /** everything that the simulator received since it began or was told to forget */
  requests(): Promise<readonly LoggedRequest[]>;
  /** sets the server up anew; what is left out is as at the beginning */
  modes(change: object): Promise<void>;
  /** writes a configuration with the site `qc` and returns its path */
  configure(section: SiteSection): Promise<string>;
  /** writes a configuration and runs `diskferry probe …ARGV --config FILE` */
  probe(section: SiteSection, argv?: readonly string[]): Promise<CliRun>;
  /** writes a file beside the configuration and returns its path */
  write(name: string, text: string): Promise<string>;
  close(): Promise<void>;
}

/** The modes of a world that says nothing of them. */
const ordinary = {
  version: '4.22.1.0',
  sendDate: false,
  clockOffsetMs: 0,
  throttling: { enabled: false },
  allowUserExpungeRecoverVolume: true,
};

export async function startProbeWorld(world: string | WorldFile = 'demo'): Promise<ProbeWorld> {
  const simulator = await startSimulator({ world });
  const folder = await mkdtemp(path.join(tmpdir(), 'diskferry-probe-'));
  const write = async (name: string, text: string): Promise<string> => {
    const file = path.join(folder, name);
    await writeFile(file, text, { mode: 0o600 });
    return file;
  };
  const configure = async (section: SiteSection): Promise<string> => {
    const account = simulator.accounts.find(({ name }) => name === (section.account ?? 'admin'));
    if (account === undefined) throw new Error(`the world has no account ${section.account ?? 'admin'}`);
    await write('api-key', account.apiKey);
    await write('secret-key', section.secretKey ?? account.secretKey);
    return await write('diskferry.toml', configuration(section, simulator.endpoint));
  };
  return {
    simulator,
    control: simulatorControl(simulator.controlEndpoint),
    requests: async () => (await (await fetch(`${simulator.controlEndpoint}/requests`)).json()) as LoggedRequest[],
    modes: async (change) => {
      const body = JSON.stringify({ ...ordinary, ...change });
      const response = await fetch(`${simulator.controlEndpoint}/modes`, { method: 'POST', body });
      if (!response.ok) throw new Error(`POST /modes: ${await response.text()}`);
    },
    configure,
    probe: async (section, argv = ['qc']) => diskferry(['probe', ...argv, '--config', await configure(section)]),
    write,
    close: async () => {
      await simulator.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(section: SiteSection, endpoint: string): string {
  return [
    '[database]',
    // Nothing listens there: a probe that asked the database would fail.
    'url = "mysql://nobody@127.0.0.1:1/none"',
    '[site.qc]',
    `endpoint = "${section.endpoint ?? endpoint}"`,
    'api_key_file = "api-key"',
    'secret_key_file = "secret-key"',
    `zone = "${section.zone ?? 'QC'}"`,
    `disk_offering = "${section.diskOffering ?? 'replica-custom'}"`,
    ...(section.dataDiskLimit === undefined ? [] : [`data_disk_limit = ${String(section.dataDiskLimit)}`]),
    `requests_per_second = ${String(section.requestsPerSecond ?? 200)}`,
    ...Object.entries(section.appliances ?? {}).flatMap(([id, identity]) => [
      `[site.qc.appliance.${id}]`,
      `identity = "${identity}"`,
      'identity_file = "appliance-id"',
    ]),
    '',
  ].join('\n');
}
