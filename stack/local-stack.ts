import { renameSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { migrate } from '../database/migrate';
import { lockFolder } from './folder-lock';
import { type GuardedProcess, waitUntilReady } from './guarded-process';
import { startMariaDb } from './mariadb';
import { startExportServer } from './nbdkit';
import { startOwnProcess } from './own-process';
import { type SimulatorAnnouncement, startSimulatorProcess } from './simulator-process';
import { openStateFolder, type StateFolder, writeConfiguration } from './state-folder';
import { type Part, type RunningPart, type StackEvent, type SupervisedPart, Supervisor } from './supervisor';
import { startTemporalServer } from './temporal-server';

export interface StackOptions {
  readonly stateDirectory: string;
  /** `FULL`: nothing that was answered is lost with the power; `NORMAL`: nothing is lost with killed processes, and faster */
  readonly synchronous: 'FULL' | 'NORMAL';
  /** what the simulator acts at its first start in this folder; the demo's world when not given (`diskferry simulator --world`) */
  readonly world?: object;
  /** ids of the appliance VMs that this machine stands for; the demo's one when not given */
  readonly appliances?: readonly string[];
  /** false: no worker is started; `parts` has it all the same, stopped */
  readonly worker?: boolean;
  readonly onEvent?: (event: StackEvent) => void;
}

export interface RunningStack {
  readonly folder: StateFolder;
  /** Temporal's web page */
  readonly temporalUiUrl: string;
  /** the simulator's API and control endpoint, and its accounts, as it said at its latest start */
  readonly simulator: SimulatorAnnouncement;
  /**
   * One part, to kill, stop or start it alone: `MariaDB`, `Temporal server`, `simulator`, `export server ID`, `worker`.
   * Throws RangeError for another name.
   */
  part(name: string): SupervisedPart;
  readonly parts: readonly SupervisedPart[];
  /** Stops everything in reverse order; what was started by others is not touched. */
  stop(): Promise<void>;
}

export const demoApplianceId = '1c266316-503d-451d-9392-9585a6fcba41';

/**
 * Starts everything that Diskferry needs on this machine, on loopback ports that stay the same, with all data in one folder; a
 * part that dies is started again. Where something cannot be started, what was started is stopped.
 *
 * @throws FolderLockedError, StateFolderError, MariaDbStartError, TemporalBinaryError, ProcessStartError, SchemaError
 */
export async function startStack(options: StackOptions): Promise<RunningStack> {
  const { directory } = await openStateFolder(options.stateDirectory);
  const unlock = await lockFolder(directory);
  // Read again: whoever opened a new folder at the same moment may have written last.
  const folder = await openStateFolder(directory);
  const supervisor = new Supervisor((event) => {
    options.onEvent?.(event);
    if (event.kind === 'ready') writeProcessIds(folder, supervisor.parts);
  });
  const stop = async () => {
    try {
      await supervisor.stop();
    } finally {
      await unlock();
    }
  };
  try {
    const latestAnnouncement = await startParts(supervisor, folder, options);
    return {
      folder,
      temporalUiUrl: `http://127.0.0.1:${String(folder.ports.temporalUi)}`,
      get simulator() {
        return latestAnnouncement();
      },
      parts: supervisor.parts,
      part: (name) => supervisor.part(name),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(
  supervisor: Supervisor,
  folder: StateFolder,
  options: StackOptions,
): Promise<() => SimulatorAnnouncement> {
  const appliances = options.appliances ?? [demoApplianceId];
  const worldFile = folder.path('world.json');
  if (options.world !== undefined) await writeFile(worldFile, JSON.stringify(options.world));
  const world = options.world === undefined ? 'demo' : worldFile;

  let latest: SimulatorAnnouncement | undefined;
  const announcement = () => {
    if (latest === undefined) throw new Error('the simulator has not said where it is');
    return latest;
  };
  await supervisor.start(
    mariaDbPart(folder, options),
    temporalPart(folder, options),
    simulatorPart(folder, world, (said) => (latest = said)),
  );
  const { accounts, endpoint } = announcement();
  const admin = accounts.find((account) => account.role === 'admin');
  if (admin === undefined) throw new Error('the simulated world has no admin account');
  await writeConfiguration(folder, {
    ...admin,
    endpoint,
    appliances,
    simulatorFolder: 'simulator',
  });
  await migrate(`mysql://diskferry@127.0.0.1:${String(folder.ports.mariadb)}/diskferry`, {
    password: folder.databasePassword,
  });
  const worker = workerPart(folder);
  const exportServers = appliances.map((id) => exportServerPart(folder, id));
  if (options.worker === false) {
    await supervisor.start(...exportServers);
    supervisor.add(worker);
  } else {
    await supervisor.start(...exportServers, worker);
  }
  return announcement;
}

function mariaDbPart(folder: StateFolder, { synchronous }: StackOptions): Part {
  const name = 'MariaDB';
  return {
    name,
    start: async () => {
      const server = await startMariaDb({
        dataDirectory: folder.path('mariadb'),
        port: folder.ports.mariadb,
        logFile: folder.logFile(name),
        password: folder.databasePassword,
        durability: synchronous === 'FULL' ? 'commit' : 'relaxed',
      });
      return runningPart(server);
    },
  };
}

function temporalPart(folder: StateFolder, { synchronous }: StackOptions): Part {
  const name = 'Temporal server';
  return {
    name,
    start: async () => {
      const server = await startTemporalServer({
        stateDirectory: folder.path('temporal'),
        port: folder.ports.temporal,
        uiPort: folder.ports.temporalUi,
        synchronous,
        logFile: folder.logFile(name),
        retentionDays: 30,
      });
      return runningPart(server);
    },
  };
}

function simulatorPart(
  folder: StateFolder,
  world: string,
  onAnnouncement: (announcement: SimulatorAnnouncement) => void,
): Part {
  const name = 'simulator';
  return {
    name,
    start: async () => {
      const { process, announcement } = await startSimulatorProcess({
        port: folder.ports.simulator,
        stateDirectory: folder.path('simulator'),
        world,
        logFile: folder.logFile(name),
      });
      onAnnouncement(announcement);
      return runningPart(process);
    },
  };
}

function exportServerPart(folder: StateFolder, applianceId: string): Part {
  const name = `export server ${applianceId}`;
  return {
    name,
    start: async () => {
      const server = await startExportServer({
        exportsDirectory: folder.path('exports', applianceId),
        logFile: folder.logFile(name),
      });
      return runningPart(server);
    },
  };
}

function workerPart(folder: StateFolder): Part {
  const name = 'worker';
  const port = folder.ports.workerHealth;
  return {
    name,
    start: async () => {
      const args = ['worker', '--state', folder.directory];
      const worker = await startOwnProcess({ name, args, port, logFile: folder.logFile(name), stopTimeout: 30_000 });
      await waitUntilReady(worker, () => answersOk(`http://127.0.0.1:${String(port)}/ready`), 60_000);
      return runningPart(worker);
    },
  };
}

async function answersOk(url: string): Promise<boolean> {
  return await fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    (answer) => answer.ok,
    () => false,
  );
}

function runningPart(process: Pick<GuardedProcess, 'processId' | 'exited' | 'stop'>): RunningPart {
  const ended = process.exited.then(({ code, signal }) => signal ?? `exit status ${String(code)}`);
  return { processId: process.processId, ended, stop: () => process.stop() };
}

/** `processes.json`: name → process id, for people who want to look at a part, or kill it. */
function writeProcessIds(folder: StateFolder, parts: readonly SupervisedPart[]): void {
  const file = folder.path('processes.json');
  const ids = Object.fromEntries(parts.map((part) => [part.name, part.processId]));
  // At once, so that two parts that become ready together do not overtake one another.
  writeFileSync(`${file}.new`, `${JSON.stringify(ids, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}
