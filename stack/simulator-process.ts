import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { endOfLog, type GuardedProcess, ProcessStartError } from './guarded-process';
import { startOwnProcess } from './own-process';

/** First line of `diskferry simulator --json`. */
const announcementSchema = z.object({
  endpoint: z.url(),
  controlEndpoint: z.url(),
  accounts: z.array(z.object({ name: z.string(), role: z.string(), apiKey: z.string(), secretKey: z.string() })),
});
export type SimulatorAnnouncement = z.output<typeof announcementSchema>;

const START_TIMEOUT_MS = 30_000;

/**
 * Starts the CloudStack simulator and waits until it has said where it is.
 *
 * @throws ProcessStartError with the end of its log
 */
export async function startSimulatorProcess(options: {
  readonly port: number;
  readonly stateDirectory: string;
  /** the name of a built-in world or the path of a world file; read at the first start in the folder only */
  readonly world: string;
  readonly logFile: string;
}): Promise<{ readonly process: GuardedProcess; readonly announcement: SimulatorAnnouncement }> {
  const { port, stateDirectory, world, logFile } = options;
  const simulator = await startOwnProcess({
    name: 'simulator',
    args: [
      ...['simulator', '--json', '--listen', `127.0.0.1:${String(port)}`],
      ...['--state', stateDirectory, '--world', world],
    ],
    port,
    logFile,
    readOutput: true,
  });
  const { stdout } = simulator;
  if (stdout === null) throw new ProcessStartError('the output of the simulator cannot be read');
  const lines = createInterface({ input: stdout });
  const timeout = AbortSignal.timeout(START_TIMEOUT_MS);
  const first = await Promise.race([
    once(lines, 'line', { signal: timeout }).then(([line]: unknown[]) => String(line)),
    simulator.exited.then(() => undefined),
  ]).catch(() => undefined);
  const announcement = parseAnnouncement(first);
  if (announcement === undefined) {
    await simulator.stop();
    throw new ProcessStartError(`the simulator did not say where it is\n${await endOfLog(logFile)}`);
  }
  // Read on, or it would block once the pipe is full.
  const log = createWriteStream(logFile, { flags: 'a' });
  lines.on('line', (line) => log.write(`${line}\n`));
  lines.once('close', () => log.end());
  return { process: simulator, announcement };
}

function parseAnnouncement(line: string | undefined): SimulatorAnnouncement | undefined {
  try {
    return announcementSchema.parse(JSON.parse(line ?? ''));
  } catch {
    return undefined;
  }
}
