import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stringify } from 'smol-toml';
import { z } from 'zod';
import { chooseLastingPorts } from './lasting-ports';

/** The folder cannot be used as a state folder; the message says why. Retrying does not help. */
export class StateFolderError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StateFolderError';
  }
}

const portSchema = z.int().min(1).max(65_535);
const stateSchema = z.strictObject({
  version: z.literal(1),
  /** TCP ports of 127.0.0.1, chosen once */
  ports: z.strictObject({
    mariadb: portSchema,
    temporal: portSchema,
    temporalUi: portSchema,
    simulator: portSchema,
    workerHealth: portSchema,
    demoSource: portSchema,
  }),
});
type State = z.output<typeof stateSchema>;

/** What one stack keeps between its runs: data, ports, secrets, logs, and the configuration made from them. */
export interface StateFolder {
  readonly directory: string;
  readonly ports: State['ports'];
  readonly databasePassword: string;
  readonly configurationFile: string;
  readonly temporalConfigFile: string;
  /** path of something below the folder */
  path(...names: string[]): string;
  logFile(part: string): string;
}

/** The site that a local stack has. */
export const localSite = 'qc';

/** sun_path of unix(7) holds 108 bytes with its end mark; the longest socket is an appliance's. */
const LONGEST_DIRECTORY = 107 - '/exports/00000000-0000-0000-0000-000000000000/local.sock'.length;

/**
 * Opens a state folder, and makes it first when it is missing or empty: ports chosen free once, secrets that only the user reads.
 *
 * @throws StateFolderError when it holds something else, was made by another version, or its path is too long for Unix sockets
 */
export async function openStateFolder(directory: string): Promise<StateFolder> {
  const root = resolve(directory);
  if (Buffer.byteLength(root) > LONGEST_DIRECTORY) {
    throw new StateFolderError(
      `${root} is too long for a state folder: Unix sockets are made in it, whose paths end at 107 bytes. Use one of at most ${String(LONGEST_DIRECTORY)}.`,
    );
  }
  await mkdir(root, { recursive: true, mode: 0o700 });
  const state = (await readState(root)) ?? (await newState(root));
  await mkdir(join(root, 'secrets'), { recursive: true, mode: 0o700 });
  await mkdir(join(root, 'logs'), { recursive: true });
  const folder = {
    directory: root,
    ports: state.ports,
    configurationFile: join(root, 'diskferry.toml'),
    temporalConfigFile: join(root, 'temporal.toml'),
    path: (...names: string[]) => join(root, ...names),
    logFile: (part: string) => join(root, 'logs', `${part.replaceAll(' ', '-')}.log`),
  };
  const databasePassword = await databasePasswordOf(folder.path('secrets', 'database.password'));
  await writeTemporalConfiguration(folder);
  return { ...folder, databasePassword };
}

async function readState(root: string): Promise<State | undefined> {
  const file = join(root, 'state.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) {
    const there = (await readdir(root)).filter(
      (name) => name !== 'up.lock' && name !== 'logs' && name !== 'state.json.new',
    );
    if (there.length === 0) return undefined;
    throw new StateFolderError(
      `${root} is no state folder: it has no state.json, but holds ${there.slice(0, 3).join(', ')}. Use an empty or a new folder.`,
    );
  }
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new StateFolderError(`${file} is not what this version writes: ${String(error)}`);
  }
}

async function newState(root: string): Promise<State> {
  const [mariadb = 0, temporal = 0, temporalUi = 0, simulator = 0, workerHealth = 0, demoSource = 0] =
    await chooseLastingPorts(6);
  const state: State = {
    version: 1,
    ports: { mariadb, temporal, temporalUi, simulator, workerHealth, demoSource },
  };
  // Renamed in whole: a half-written one would make the folder unusable.
  const fresh = join(root, 'state.json.new');
  await writeFile(fresh, `${JSON.stringify(state, undefined, 2)}\n`);
  await rename(fresh, join(root, 'state.json'));
  return state;
}

async function databasePasswordOf(file: string): Promise<string> {
  const there = await readFile(file, 'utf8').catch(() => undefined);
  if (there !== undefined && there.trim() !== '') return there.trim();
  const password = randomBytes(24).toString('hex');
  await writeSecret(file, password);
  return password;
}

async function writeTemporalConfiguration(folder: Pick<StateFolder, 'temporalConfigFile' | 'ports'>): Promise<void> {
  const profile = { address: `127.0.0.1:${String(folder.ports.temporal)}`, namespace: 'default' };
  await writeFile(folder.temporalConfigFile, stringify({ profile: { default: profile } }));
}

/** Writes a file that only the user may read, also where one with another mode was there. */
async function writeSecret(file: string, text: string): Promise<void> {
  await writeFile(file, `${text}\n`, { mode: 0o600 });
  await chmod(file, 0o600);
}

export interface LocalSite {
  /** CloudStack's API */
  readonly endpoint: string;
  readonly apiKey: string;
  readonly secretKey: string;
  /** ids of the appliance VMs */
  readonly appliances: readonly string[];
  /** the folder that the simulator keeps its guests in, relative to the state folder */
  readonly simulatorFolder: string;
}

/**
 * Writes the worker's configuration for the simulated site. Paths in it are relative, as {@link StateFolder.directory} is where
 * the file stands.
 */
export async function writeConfiguration(folder: StateFolder, site: LocalSite): Promise<void> {
  await writeSecret(folder.path('secrets', `${localSite}.api-key`), site.apiKey);
  await writeSecret(folder.path('secrets', `${localSite}.secret-key`), site.secretKey);
  await mkdir(folder.path('appliance-ids'), { recursive: true });
  for (const id of site.appliances) await writeFile(folder.path('appliance-ids', id), `${id}\n`);
  const appliance = (id: string) => ({
    identity: 'file',
    identity_file: `appliance-ids/${id}`,
    by_id_directory: `${site.simulatorFolder}/guests/${id}/by-id`,
    sysfs_block_directory: `${site.simulatorFolder}/guests/${id}/sys-block`,
    exports_directory: `exports/${id}`,
    simulated: true,
    max_copies: 2,
    device_wait: '30s',
  });
  const configuration = {
    database: {
      url: `mysql://diskferry@127.0.0.1:${String(folder.ports.mariadb)}/diskferry`,
      password_file: 'secrets/database.password',
    },
    worker: { log_level: 'info', health_listen: `127.0.0.1:${String(folder.ports.workerHealth)}` },
    site: {
      [localSite]: {
        endpoint: site.endpoint,
        api_key_file: `secrets/${localSite}.api-key`,
        secret_key_file: `secrets/${localSite}.secret-key`,
        zone: 'QC',
        disk_offering: 'replica-custom',
        settle_time: '3s',
        requests_per_second: 100,
        new_volumes_are_zero: true,
        appliance: Object.fromEntries(site.appliances.map((id) => [id, appliance(id)])),
      },
    },
  };
  const header =
    '# Written by `diskferry up` at each start: changes are lost. Another site needs a configuration of its own.\n\n';
  await writeFile(folder.configurationFile, header + stringify(configuration));
}
