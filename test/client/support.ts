import { DiskferryFailure, type FailureRecord } from '../../domain/failures';
import { runCli } from '../../client/cli';
import type { CliIo } from '../../client/command-context';

export interface CliRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command line in this process, with an environment of its own.
 *
 * @param patienceMs - how long it waits for servers and workers: short, for most tests have none
 */
export async function diskferry(
  argv: readonly string[],
  env: NodeJS.ProcessEnv = {},
  patienceMs = 100,
): Promise<CliRun> {
  let stdout = '';
  let stderr = '';
  const io: CliIo = {
    stdout: { write: (text: string) => ((stdout += text), true) },
    stderr: { write: (text: string) => ((stderr += text), true) },
    env,
    patienceMs,
  };
  const exitCode = await runCli(argv, io);
  return { exitCode, stdout, stderr };
}

export const vmId = '420570c7-f61f-a930-77c5-1e876786cb3c';
export const applianceId = '1c266316-503d-451d-9392-9585a6fcba41';

/** The failure that a call throws. */
export function failureOf(call: () => unknown): FailureRecord {
  try {
    call();
  } catch (error) {
    if (error instanceof DiskferryFailure) return error.record;
    throw error;
  }
  throw new Error('it threw nothing');
}
