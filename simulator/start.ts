import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { AgentMocks } from './agent-mocks';
import { ControlServer } from './control';
import { Dispatcher } from './dispatch';
import { Faults } from './faults';
import { Guests } from './guest';
import { Jobs } from './jobs';
import { Lifetime } from './lifetime';
import { isProjectAccount } from './projects';
import { RequestLog } from './request-log';
import { ApiServer } from './server';
import { lockState } from './state-lock';
import { switchesOf } from './switches';
import { World } from './world';
import { worldSchema } from './world-file';
import type { WorldFile } from './world-file';
import { builtInWorlds } from './worlds/built-in';

const LOOPBACK = /^(127(\.\d+){3}|::1|localhost)$/;

export interface SimulatorOptions {
  /** where the API listens; loopback and a free port unless said otherwise */
  readonly listen?: { readonly host: string; readonly port: number };
  /** where the control endpoint listens; the same host and a free port unless said otherwise */
  readonly controlListen?: { readonly host: string; readonly port: number };
  /** folder of state, volumes and guests; a temporary one, removed at the end, when left out */
  readonly stateDirectory?: string;
  /** `default`, `demo`, the path of a world file, or a world; not read when the folder holds one already */
  readonly world?: string | WorldFile;
}

export interface SimulatorAccount {
  readonly name: string;
  readonly role: 'admin' | 'user';
  readonly apiKey: string;
  readonly secretKey: string;
}

export interface RunningSimulator {
  /** URL of the signed API, ending in /client/api */
  readonly endpoint: string;
  /** URL of the switches, without a path */
  readonly controlEndpoint: string;
  readonly accounts: readonly SimulatorAccount[];
  readonly stateDirectory: string;
  close(): Promise<void>;
}

/**
 * Starts a CloudStack management server with its hypervisor and guests, all simulated, in this process.
 *
 * @throws Error EADDRINUSE when the port is taken; StateInUseError when another simulator has the state folder; RangeError when
 * the host is not a loopback address, the world is none or the state is damaged
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<RunningSimulator> {
  const listen = options.listen ?? { host: '127.0.0.1', port: 0 };
  for (const { host } of [listen, options.controlListen ?? listen]) {
    if (!LOOPBACK.test(host)) throw new RangeError(`the simulator listens on loopback addresses only, not on ${host}`);
  }
  const stateDirectory = options.stateDirectory ?? mkdtempSync(join(tmpdir(), 'diskferry-simulator-'));
  const unlock = await lockState(stateDirectory);
  try {
    return await startLocked(options, listen, stateDirectory, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function startLocked(
  options: SimulatorOptions,
  listen: NonNullable<SimulatorOptions['listen']>,
  stateDirectory: string,
  unlock: () => Promise<void>,
): Promise<RunningSimulator> {
  const world = new World(stateDirectory, readWorld(options.world ?? 'default'));
  const lifetime = new Lifetime();
  const site = {
    world,
    lifetime,
    jobs: new Jobs(world, lifetime),
    guests: new Guests(world),
    agents: new AgentMocks(),
  };
  const faults = new Faults();
  const requests = new RequestLog();
  const api = new ApiServer(
    new Dispatcher(site, faults, requests),
    listen,
    () => {
      world.flush();
    },
    () => world.modes,
  );
  const control = new ControlServer(
    switchesOf({ site, api, faults, requests }),
    options.controlListen ?? { ...listen, port: 0 },
  );
  const close = async (): Promise<void> => {
    await control.close();
    lifetime.stop({ hypervisorFinishes: false });
    await api.close();
    await site.jobs.stopped();
    site.guests.close();
    await world.close();
    await unlock();
    if (options.stateDirectory === undefined) rmSync(stateDirectory, { recursive: true, force: true });
  };
  try {
    await api.open();
    await control.open();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    endpoint: api.endpoint,
    controlEndpoint: control.endpoint,
    accounts: [...world.accounts.values()]
      .filter(({ id }) => !isProjectAccount(world, id))
      .map(({ name, role, apiKey, secretKey }) => ({
        name,
        role,
        apiKey,
        secretKey,
      })),
    stateDirectory,
    close,
  };
}

function readWorld(world: string | WorldFile): WorldFile {
  if (typeof world !== 'string') return world;
  const builtIn = builtInWorlds[world];
  if (builtIn !== undefined) return builtIn;
  const names = Object.keys(builtInWorlds).join(', ');
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(world, 'utf8'));
  } catch (error) {
    throw new RangeError(`the world ${world} is none of ${names} and no JSON file: ${String(error)}`, { cause: error });
  }
  const parsed = worldSchema.safeParse(content);
  if (!parsed.success) throw new RangeError(`the world ${world}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
