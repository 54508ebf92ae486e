import type { Caller } from './caller';
import type { Preparation, Setting } from './preparations';

/** Makes a server what the recorded one was before a step. */
export interface Preparer {
  /** how much shorter than recorded a slow hypervisor's time is made: 1 for as long */
  readonly pace: number;
  /** @returns why the scenario cannot be replayed here, when it cannot */
  arrange(setting: Setting): Promise<string | undefined>;
  /** @returns why this cannot be done here, when it cannot */
  prepare(preparation: Preparation): Promise<string | undefined>;
}

/** Through the simulator's own switches (docs/simulator.md). */
export function throughControlPort(control: string): Preparer {
  const post = async (path: string, body: unknown): Promise<void> => {
    const response = await fetch(`${control}${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`POST ${path}: ${await response.text()}`);
  };
  const pace = 0.2;
  return {
    pace,
    arrange: async (setting) => {
      await post('/timings', { ...quick, queueMs: setting.looksWhileJobsRun ? 600 : quick.queueMs });
      if (setting.enforced || setting.throttled) {
        await post('/modes', {
          enforcePostAndTimestamps: setting.enforced,
          ...(setting.throttled && { throttling: {} }),
        });
      }
      return undefined;
    },
    prepare: async (preparation) => {
      switch (preparation.kind) {
        case 'restart':
          await post('/restart', {});
          return undefined;
        case 'slow': {
          const ms = Math.round(preparation.seconds * 1000 * pace);
          const times = preparation.every ? null : 1;
          await post('/faults', { kind: 'delay', command: preparation.command, where: 'work', ms, times });
          return undefined;
        }
        case 'fail':
          await post('/faults', {
            kind: 'fail-job',
            command: preparation.command,
            where: preparation.where,
            text: preparation.text,
          });
          return undefined;
      }
    },
  };
}

const quick = { createMs: 5, queueMs: 20, attachMs: 20, detachMs: 20, deleteMs: 5, powerMs: 10, linkDelayMs: [5, 20] };

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

/**
 * Through the server's own mock commands, which a CloudStack with its simulator hypervisor has and only the root admin may use. With another
 * hypervisor nothing can be prepared, and what needs it is left out.
 */
export function throughMockCommands(admin: Caller, zoneId: string): Preparer {
  return {
    pace: 1,
    arrange: async (setting) => {
      const enforced = await enforces(admin);
      if (setting.enforced && !enforced) return 'it needs enforce.post.requests.and.timestamps on, and here it is off';
      if (!setting.enforced && enforced) return 'it needs enforce.post.requests.and.timestamps off, and here it is on';
      return setting.throttled
        ? 'it needs api.throttling.enabled and its limits, which cannot be set from here'
        : undefined;
    },
    prepare: async (preparation) => {
      if (preparation.kind === 'restart') return 'the management server cannot be killed and started from here';
      const storage = preparation.kind === 'fail' && preparation.where === 'storage';
      const creates = storage && preparation.command === 'attachVolume';
      const name = creates ? 'CreateObjectCommand' : agentCommands[preparation.command];
      if (name === undefined) return `which agent command ${preparation.command} becomes is not known`;
      const value = preparation.kind === 'slow' ? `wait:${String(preparation.seconds * 1000)}` : 'result:fail';
      const count = preparation.kind === 'slow' && preparation.every ? {} : { count: '1' };
      try {
        await admin.change('configureSimulator', { zoneid: zoneId, name, value, ...count });
        return undefined;
      } catch (error) {
        return `the hypervisor cannot be prepared with configureSimulator (${error instanceof Error ? error.message : String(error)})`;
      }
    },
  };
}

/** Whether a read without a timestamp is refused where the same with one is not. */
async function enforces(admin: Caller): Promise<boolean> {
  const reply = await admin.send({ command: 'listCapabilities', response: 'json' }, 'GET');
  return reply.status === 401;
}
