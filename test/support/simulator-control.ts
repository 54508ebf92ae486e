import type { FaultSettings } from '../../simulator/fault-kinds';
import type { LoggedRequest } from '../../simulator/request-log';

/** What there is in the simulated world, as its control endpoint counts it. */
export interface SimulatedWorld {
  readonly volumes: readonly {
    readonly id: string;
    readonly name: string;
    readonly type: string;
    readonly state: string;
    readonly virtualMachineId: string | null;
    readonly deviceId: number | null;
    readonly deleteProtection: boolean;
    readonly tags: Readonly<Record<string, string>>;
    readonly pendingJob: string | null;
  }[];
  readonly snapshots: readonly {
    readonly id: string;
    readonly name: string;
    readonly volumeId: string;
    readonly state: string;
    readonly tags: Readonly<Record<string, string>>;
  }[];
  readonly machines: readonly {
    readonly id: string;
    readonly name: string;
    readonly state: string;
    readonly boot: { readonly up: boolean; readonly reason: string };
    readonly plugged: readonly string[];
    readonly devices: readonly { readonly kernelName: string; readonly links: readonly string[] }[];
  }[];
  readonly pendingJobs: readonly { readonly id: string; readonly cmd: string }[];
}

/** The simulator's switches, as tests use them: faults, restarts, what was received, what there is. */
export interface SimulatorControl {
  fault(...faults: FaultSettings[]): Promise<void>;
  clearFaults(): Promise<void>;
  /** how often each fault that is set was met, in the order in which they were set */
  faultHits(): Promise<readonly number[]>;
  /** has a VM of this name come up only if its root holds this (simulator/content-digest.ts) */
  expectBoot(vmName: string, rootContent: string): Promise<void>;
  /** the guest of a running VM writes to one of its disks */
  guestWrites(write: { vmId: string; volumeId: string; offsetBytes: number; text: string }): Promise<void>;
  restart(options?: { downMs?: number; hypervisorFinishes?: boolean }): Promise<void>;
  reset(): Promise<void>;
  timings(change: Readonly<Record<string, unknown>>): Promise<void>;
  modes(change: Readonly<Record<string, unknown>>): Promise<void>;
  world(): Promise<SimulatedWorld>;
  /** commands received, in the order in which they came */
  requests(): Promise<readonly LoggedRequest[]>;
  /** those of them that change something */
  changes(): Promise<readonly LoggedRequest[]>;
  forgetRequests(): Promise<void>;
}

export function simulatorControl(endpoint: string): SimulatorControl {
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${endpoint}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`simulator ${method} ${path}: ${text}`);
    return JSON.parse(text);
  };
  const requests = async () => (await call('GET', '/requests')) as LoggedRequest[];
  return {
    fault: async (...faults) => {
      await call('POST', '/faults', faults);
    },
    clearFaults: async () => {
      await call('DELETE', '/faults');
    },
    faultHits: async () => ((await call('GET', '/faults')) as { hits: number }[]).map(({ hits }) => hits),
    expectBoot: async (vmName, rootContent) => {
      await call('POST', '/boot-expectation', { vmName, rootContent });
    },
    guestWrites: async (write) => {
      await call('POST', '/guest/write', write);
    },
    restart: async (options = {}) => {
      await call('POST', '/restart', options);
    },
    reset: async () => {
      await call('POST', '/reset');
    },
    timings: async (change) => {
      await call('POST', '/timings', change);
    },
    modes: async (change) => {
      await call('POST', '/modes', change);
    },
    world: async () => (await call('GET', '/world')) as SimulatedWorld,
    requests,
    changes: async () => (await requests()).filter(({ command }) => !/^(list|query)/.test(command)),
    forgetRequests: async () => {
      await call('DELETE', '/requests');
    },
  };
}
