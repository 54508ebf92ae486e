import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ActivityRun } from '../../activities/activity-run';
import { makeAdoptVolume } from '../../activities/adopt-volume';
import { makeCloseOlderOperation } from '../../activities/close-older-operation';
import { type Failpoint, makeEffect } from '../../activities/effect';
import { makeEndRecord } from '../../activities/end-record';
import { makePlanRepair } from '../../activities/plan-repair';
import { makeSettleOperation } from '../../activities/settle-operation';
import { surveyDatabase } from '../../database/survey';
import type { Log } from '../../activities/log';
import { makeFailoverMainActivities } from '../../activities/make-failover-main-activities';
import {
  makeApplianceActivities,
  makeCopyActivities,
  makeMainActivities,
  makeSiteActivities,
} from '../../activities/make-activities';
import type { SiteCommands } from '../../activities/hook-settings';
import {
  type FailoverVmActivities,
  makeFailoverVmActivities,
  makeGuestActivities,
  makePointActivities,
  type PointActivities,
} from '../../activities/make-failover-activities';
import type {
  AllActivities,
  DoctorMainActivities,
  DoctorSiteActivities,
  FailoverCopyActivities,
  FailoverMainActivities,
} from '../../activities/queues';
import { makeSiteFacts } from '../../activities/site-facts';
import { runCommand } from '../../appliance/commands';
import type { SiteSettings } from '../../site/site-settings';
import type { CloudStackApi } from '../../cloudstack/api';
import { createCloudStackClient } from '../../cloudstack/client';
import { systemClock } from '../../cloudstack/clock';
import { replicationWorkflowId } from '../../domain/names';
import type { VmRef } from '../../domain/step-io';
import { demoWorld } from '../../simulator/worlds/demo';
import { startSimulator, type RunningSimulator } from '../../simulator/start';
import { startExportServer } from '../../stack/nbdkit';
import { makeApplianceParts } from '../../worker/appliance-parts';
import { type FreshDatabase, withFreshDatabase } from './mariadb';
import { type SimulatorControl, simulatorControl } from './simulator-control';
import { temporaryFolder } from './temporary-folder';

export const APPLIANCE = '1c266316-503d-451d-9392-9585a6fcba41';
export const OTHER_APPLIANCE = '7d0f4a52-6c1e-4f0b-8a55-2b1f3c9e6d42';
const USER_APPLIANCE = 'b94e5a0c-2f3d-4d6e-9a7b-5c8d1e0f2a43';

/** A process that runs activities on behalf of one workflow run, as a worker would. */
export interface Actor {
  readonly activities: AllActivities &
    FailoverMainActivities &
    PointActivities &
    FailoverVmActivities &
    DoctorMainActivities &
    Omit<DoctorSiteActivities, 'examineSite'> &
    FailoverCopyActivities;
  readonly run: ActivityRun;
  readonly vm: VmRef;
  /** lines of its log, with the fields */
  readonly logged: readonly { readonly message: string; readonly fields: object }[];
  /** aborts its signal, as a cancel or a worker's shutdown does */
  abort(reason: Error): void;
}

export interface ActorOptions {
  readonly failpoint?: Failpoint;
  /** account whose key calls CloudStack; `admin` (root admin) unless said otherwise */
  readonly account?: 'admin' | 'repluser';
  /** another run than the one that the world's VM belongs to */
  readonly runId?: string;
  /** the workflow that acts; the VM's replication unless said otherwise */
  readonly workflowId?: string;
  readonly vm?: VmRef;
  readonly settings?: Partial<SiteSettings>;
  /** the site's hooks and what converts guests; none unless said otherwise */
  readonly commands?: SiteCommands;
  readonly isRunClosed?: (workflowId: string, runId: string) => Promise<boolean>;
}

/** The real parts, small and fast: MariaDB, the simulator over HTTP, the real client, nbdkit, and the tools of an appliance. */
export interface ActivityWorld {
  readonly simulator: RunningSimulator;
  readonly control: SimulatorControl;
  /** a client of its own, for what a test does by hand; root admin */
  readonly cloudStack: CloudStackApi;
  clientOf(account: 'admin' | 'repluser'): CloudStackApi;
  readonly database: FreshDatabase;
  readonly folder: string;
  readonly exportsDirectory: string;
  /** A source VM that nobody has used, claimed by a run of its own, in an emptied CloudStack. */
  begin(options?: { readonly account?: 'admin' | 'repluser' }): Promise<VmRef>;
  actor(vm: VmRef, options?: ActorOptions): Actor;
  /** ids of the volumes and VMs that the world has of itself, before anything is done in it */
  ownThings(): ReadonlySet<string>;
  close(): Promise<void>;
}

const polling = { firstMs: 10, limitMs: 100, lookAgainMs: 80, pendingMs: 10_000 };
/** how long a ghost disk may appear in these tests */
export const SETTLE_MS = 250;

export async function startActivityWorld(): Promise<ActivityWorld> {
  const folder = await temporaryFolder();
  const timings = {
    createMs: 10,
    queueMs: 5,
    attachMs: 30,
    detachMs: 30,
    deleteMs: 5,
    powerMs: 10,
    linkDelayMs: [5, 30] as [number, number],
    jobExpireMs: 86_400_000,
  };
  const simulator = await startSimulator({
    stateDirectory: path.join(folder.path, 'sim'),
    world: { ...demoWorld, timings },
  });
  const control = simulatorControl(simulator.controlEndpoint);
  const database = await withFreshDatabase();
  const exportsDirectory = path.join(folder.path, 'x');
  const nbdkit = await startExportServer({ exportsDirectory, logFile: path.join(folder.path, 'nbdkit.log') });
  const clients = new Map(
    simulator.accounts.map(({ name, apiKey, secretKey }) => [
      name,
      { apiKey, api: createCloudStackClient({ endpoint: simulator.endpoint, apiKey, secretKey }) },
    ]),
  );
  const client = (account: string) => {
    const found = clients.get(account);
    if (found === undefined) throw new Error(`the simulator has no account ${account}`);
    return found;
  };

  const applianceOf = async (applianceId: string) => {
    const guest = path.join(simulator.stateDirectory, 'guests', applianceId);
    const identityFile = path.join(folder.path, `id-${applianceId.slice(0, 8)}`);
    await writeFile(identityFile, `${applianceId}\n`);
    return makeApplianceParts({
      site: { settleTimeMs: SETTLE_MS, newVolumesAreZero: true },
      appliance: {
        id: applianceId,
        identity: 'file',
        identityFile,
        byIdDirectory: path.join(guest, 'by-id'),
        sysfsBlockDirectory: path.join(guest, 'sys-block'),
        exportsDirectory,
        simulated: true,
        maxCopies: 2,
        deviceWaitMs: 4_000,
      },
    });
  };
  const appliances = new Map(
    await Promise.all(
      [APPLIANCE, OTHER_APPLIANCE, USER_APPLIANCE].map(async (id) => [id, await applianceOf(id)] as const),
    ),
  );

  let own: ReadonlySet<string> = new Set();
  const actor = (vm: VmRef, options: ActorOptions = {}): Actor => {
    const { api, apiKey } = client(options.account ?? 'admin');
    const appliance = appliances.get(vm.applianceId);
    if (appliance === undefined) throw new Error(`no appliance ${vm.applianceId}`);
    const controller = new AbortController();
    const run: ActivityRun = {
      workflowId: options.workflowId ?? replicationWorkflowId(vm),
      runId: options.runId ?? vm.firstRunId,
      activityId: randomUUID(),
      signal: controller.signal,
      heartbeat: () => undefined,
    };
    const logged: { message: string; fields: object }[] = [];
    const note = (fields: object, message: string): void => void logged.push({ message, fields });
    const log: Log = { info: note, warn: note };
    const isRunClosed = options.isRunClosed ?? (() => Promise.resolve(false));
    const settings = {
      name: vm.site,
      zone: 'QC',
      diskOffering: 'replica-custom',
      apiKey,
      recoveryPoints: 1,
      ...options.settings,
    };
    const common = {
      ...database.repositories,
      commands: options.commands ?? { hooks: new Map() },
      runCommand,
      clock: systemClock,
      polling,
      effect: makeEffect(options.failpoint),
      run: () => run,
      log,
    };
    const site = { ...common, api, settings, facts: makeSiteFacts(api, settings, systemClock) };
    return {
      run,
      vm,
      logged,
      abort: (reason) => {
        controller.abort(reason);
      },
      activities: {
        ...makeMainActivities({ ...common, isRunClosed }),
        ...makeFailoverMainActivities({ ...common, isRunClosed }),
        ...makeSiteActivities({ ...site, checkSchema: () => Promise.resolve() }),
        ...makePointActivities(site),
        ...makeFailoverVmActivities(site),
        endRecord: makeEndRecord({ ...common, isRunClosed }),
        planRepair: makePlanRepair({ ...site, isRunClosed, survey: () => surveyDatabase({ url: database.url }) }),
        settleOperation: makeSettleOperation(site),
        closeOlderOperation: makeCloseOlderOperation(site),
        adoptVolume: makeAdoptVolume(site),
        ...makeApplianceActivities({ ...common, ...appliance }),
        ...makeCopyActivities({ ...common, ...appliance }),
        ...makeGuestActivities({ ...common, ...appliance }),
      },
    };
  };

  return {
    simulator,
    control,
    cloudStack: client('admin').api,
    clientOf: (account) => client(account).api,
    database,
    folder: folder.path,
    exportsDirectory,
    begin: async ({ account = 'admin' } = {}) => {
      await control.reset();
      const { volumes, machines } = await control.world();
      own = new Set([...volumes, ...machines].map(({ id }) => id));
      // What a failed test left must not fail the next ones.
      for (const { links } of appliances.values()) for (const left of await links.list()) await links.close(left);
      const vm: VmRef = {
        site: 'test',
        sourceId: 'vcenter',
        sourceVmId: randomUUID(),
        vmName: 'pgtest1',
        applianceId: account === 'admin' ? APPLIANCE : USER_APPLIANCE,
        firstRunId: randomUUID(),
      };
      await actor(vm).activities.claimVm({ ...vm, kind: 'replication' });
      await control.forgetRequests();
      return vm;
    },
    actor,
    ownThings: () => own,
    close: async () => {
      await nbdkit.stop();
      for (const { api } of clients.values()) await api.close();
      await simulator.close();
      await database.drop();
      await folder.remove();
    },
  };
}
