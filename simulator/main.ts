import { parseArgs } from 'node:util';
import { startSimulator } from './start';
import type { SimulatorOptions } from './start';

export interface RunOptions {
  /** HOST:PORT; loopback only */
  readonly listen?: string;
  /** HOST:PORT of the control endpoint; loopback only */
  readonly control?: string;
  /** `default`, `demo` or the path of a world file */
  readonly world?: string;
  /** state folder */
  readonly state?: string;
  /** one JSON object in the first line instead of text */
  readonly json?: boolean;
}

/**
 * Runs a simulator until SIGINT or SIGTERM. The first line of standard output with `json` is
 * `{endpoint, controlEndpoint, accounts}`; the keys in it are of the simulated world only.
 *
 * @throws RangeError for a listen address that is no HOST:PORT or not loopback
 */
export async function runSimulator(options: RunOptions): Promise<void> {
  const simulator = await startSimulator({
    ...(options.listen !== undefined && { listen: parseListen(options.listen) }),
    ...(options.control !== undefined && { controlListen: parseListen(options.control) }),
    ...(options.world !== undefined && { world: options.world }),
    ...(options.state !== undefined && { stateDirectory: options.state }),
  });
  const { endpoint, controlEndpoint, accounts } = simulator;
  if (options.json === true) process.stdout.write(`${JSON.stringify({ endpoint, controlEndpoint, accounts })}\n`);
  else {
    process.stdout.write(
      `CloudStack simulator at ${endpoint}\ncontrol at ${controlEndpoint}\nstate in ${simulator.stateDirectory}\n`,
    );
    for (const { name, role, apiKey, secretKey } of accounts) {
      process.stdout.write(`${role} ${name}\n  api key    ${apiKey}\n  secret key ${secretKey}\n`);
    }
  }
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        resolve();
      });
    }
  });
  await simulator.close();
}

function parseListen(text: string): NonNullable<SimulatorOptions['listen']> {
  const parts = /^(.+):(\d{1,5})$/.exec(text);
  if (parts?.[1] === undefined || parts[2] === undefined) {
    throw new RangeError(`an address is HOST:PORT, for instance 127.0.0.1:8080, not ${text}`);
  }
  return { host: parts[1].replace(/^\[|\]$/g, ''), port: Number(parts[2]) };
}

if (require.main === module) {
  const { values } = parseArgs({
    options: {
      listen: { type: 'string' },
      control: { type: 'string' },
      world: { type: 'string' },
      state: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  runSimulator(values).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  });
}
