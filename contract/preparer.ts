import type { Caller } from './caller';
import { MockCommands } from './mock-commands';
import type { Preparation, Setting } from './preparations';

/** Makes a server what the recorded one was before a step. */
export interface Preparer {
  /** how much of the recorded time a slow hypervisor takes here: 1 for all of it */
  readonly pace: number;
  /**
   * @param later - what will be prepared on the way
   * @returns why the scenario cannot be replayed here, when it cannot
   */
  arrange(setting: Setting, later: readonly Preparation[]): Promise<string | undefined>;
  /** @returns why this cannot be done here, when it cannot */
  prepare(preparation: Preparation): Promise<string | undefined>;
  /** Takes back what was prepared and not met. */
  finish(): Promise<void>;
}

const quick = { createMs: 5, queueMs: 20, attachMs: 20, detachMs: 20, deleteMs: 5, powerMs: 10, linkDelayMs: [5, 20] };

/** As late after its request as a recorded job began, and long enough to be met at work. */
const unhurriedTimes = { queueMs: 600, attachMs: 150, detachMs: 150 };

/** As in the simulator's built-in worlds: a day. */
const JOB_EXPIRE_MS = 86_400_000;

/** Through the simulator's own switches (docs/simulator.md), and failures of the hypervisor as on a real server. */
export function throughControlPort(control: string, admin: Caller, zoneId: string): Preparer {
  const post = async (path: string, body: unknown): Promise<void> => {
    const response = await fetch(`${control}${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`POST ${path}: ${await response.text()}`);
  };
  const mocks = new MockCommands(admin, zoneId);
  const pace = 0.2;
  return {
    pace,
    finish: () => mocks.takeBack(),
    arrange: async ({ unhurried, enforced, throttled }) => {
      await post('/timings', unhurried ? { ...quick, ...unhurriedTimes } : quick);
      const throttling = { throttling: { enabled: throttled } };
      if (enforced || throttled) await post('/modes', { enforcePostAndTimestamps: enforced, ...throttling });
      return undefined;
    },
    prepare: async (preparation) => {
      if (preparation.kind === 'fail') return await mocks.configure(preparation);
      if (preparation.kind === 'restart') await post('/restart', {});
      else if (preparation.kind === 'job expiry') {
        await post('/timings', { jobExpireMs: preparation.off ? JOB_EXPIRE_MS : 1 });
      } else {
        const { command, seconds, every } = preparation;
        const times = every ? null : 1;
        await post('/faults', { kind: 'delay', command, where: 'work', ms: Math.round(seconds * 1000 * pace), times });
      }
      return undefined;
    },
  };
}

const cannotExpire = 'jobs cannot be made to expire from here';
const cannotRestart = 'the management server cannot be killed and started from here';

/** On a server that is not ours: what its root admin may set; the rest cannot be prepared, and what needs it is left out. */
export function throughMockCommands(admin: Caller, zoneId: string): Preparer {
  const mocks = new MockCommands(admin, zoneId);
  return {
    pace: 1,
    finish: () => mocks.takeBack(),
    arrange: async (setting, later) => {
      if (later.some(({ kind }) => kind === 'restart')) return cannotRestart;
      if (later.some(({ kind }) => kind === 'job expiry')) return cannotExpire;
      const enforced = await enforces(admin);
      if (setting.enforced && !enforced) return 'it needs enforce.post.requests.and.timestamps on, and here it is off';
      if (!setting.enforced && enforced) return 'it needs enforce.post.requests.and.timestamps off, and here it is on';
      return setting.throttled
        ? 'it needs api.throttling.enabled and its limits, which cannot be set from here'
        : undefined;
    },
    prepare: async (preparation) => {
      if (preparation.kind === 'restart') return cannotRestart;
      if (preparation.kind === 'job expiry') return cannotExpire;
      if (preparation.kind === 'fail') return await mocks.configure(preparation);
      const { command, seconds, every } = preparation;
      const conduct = { command, where: 'hypervisor', waitMs: Math.round(seconds * 1000), every } as const;
      return await mocks.configure(conduct);
    },
  };
}

/** Whether a read without a timestamp is refused where the same with one is not. */
async function enforces(admin: Caller): Promise<boolean> {
  const reply = await admin.send({ command: 'listCapabilities', response: 'json' }, 'GET');
  return reply.status === 401;
}
