import { startSimulator } from '../simulator/start';
import { Caller } from './caller';
import { throughControlPort } from './preparer';
import type { Stage } from './replay';
import { findWorld } from './world';

/** A fresh simulator in the world of the recordings, as a stage. */
export interface OwnStage extends Stage {
  readonly control: string;
  close(): Promise<void>;
}

/**
 * Starts a simulator in this process. From here on it is an endpoint like any other.
 *
 * @param through - the URL by which the endpoint is reached, when something stands between
 */
export async function startOwnStage(
  through: (endpoint: string) => Promise<string> | string = (url) => url,
): Promise<OwnStage> {
  const simulator = await startSimulator({ world: 'default' });
  try {
    const endpoint = await through(simulator.endpoint);
    const callerOf = (role: 'admin' | 'user', url: string): Caller => {
      const account = simulator.accounts.find((each) => each.role === role);
      if (account === undefined) throw new Error(`the simulator has no account with the role ${role}`);
      return new Caller(url, account);
    };
    const [admin, user] = [callerOf('admin', endpoint), callerOf('user', endpoint)];
    const { known, missing } = await findWorld(
      callerOf('admin', simulator.endpoint),
      callerOf('user', simulator.endpoint),
    );
    if (missing.length > 0) throw new Error(`the simulator's world lacks ${missing.join(', ')}`);
    const control = simulator.controlEndpoint;
    return {
      admin,
      user,
      known,
      control,
      preparer: throughControlPort(control, admin, known['zone'] ?? ''),
      close: () => simulator.close(),
    };
  } catch (error) {
    await simulator.close();
    throw error;
  }
}
