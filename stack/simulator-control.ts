import { z } from 'zod';

const machineSchema = z.object({
  id: z.string(),
  name: z.string(),
  state: z.string(),
  /** whether the guest came up, and why */
  boot: z.object({ up: z.boolean(), reason: z.string() }),
  /** volumes that the hypervisor has plugged in */
  plugged: z.array(z.string()),
});
/** A VM of the simulated CloudStack, with what is known of its guest. */
export type SimulatedMachine = z.output<typeof machineSchema>;

const worldSchema = z.object({
  volumes: z.array(
    z.object({ id: z.string(), name: z.string(), type: z.string(), virtualMachineId: z.string().nullable() }),
  ),
  snapshots: z.array(z.object({ id: z.string(), name: z.string(), state: z.string() })),
  machines: z.array(machineSchema),
  pendingJobs: z.array(z.object({ id: z.string(), cmd: z.string() })),
});
/** What there is in the simulated world. */
export type SimulatedWorld = z.output<typeof worldSchema>;

const contentSchema = z.object({ content: z.string() });

/** The simulator's own side of things, which no CloudStack has: what volumes hold, whether guests come up, what they write. */
export interface SimulatorControl {
  world(): Promise<SimulatedWorld>;
  /** what a volume holds now, as `contentDigest` of simulator/content-digest.ts says it of a file */
  contentOf(volumeId: string): Promise<string>;
  /** From now on a VM of this name comes up only when its root holds exactly this. */
  expectBoot(vmName: string, rootContent: string): Promise<void>;
  /** A guest that is up writes to a disk of its own. */
  guestWrites(write: {
    readonly vmId: string;
    readonly volumeId: string;
    readonly offsetBytes: number;
    readonly text: string;
  }): Promise<void>;
}

/**
 * Talks to the control endpoint of a simulator (docs/simulator.md). Every call throws an Error with the simulator's words when it
 * refuses.
 *
 * @param endpoint - asked anew for each call: a simulator that was started again has another one
 */
export function simulatorControl(endpoint: () => string): SimulatorControl {
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${endpoint()}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`simulator ${method} ${path}: ${text}`);
    return JSON.parse(text) as unknown;
  };
  return {
    world: async () => worldSchema.parse(await call('GET', '/world')),
    contentOf: async (volumeId) => contentSchema.parse(await call('GET', `/content/${volumeId}`)).content,
    expectBoot: async (vmName, rootContent) => {
      await call('POST', '/boot-expectation', { vmName, rootContent });
    },
    guestWrites: async (write) => {
      await call('POST', '/guest/write', write);
    },
  };
}
