import path from 'node:path';
import type { Writable } from 'node:stream';
import { failure } from '../domain/failures';

/** What a process gives the command line; tests give their own. */
export interface CliIo {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly env: NodeJS.ProcessEnv;
  /** how long, in milliseconds, Temporal or the database may be unreachable before a command gives up */
  readonly patienceMs: number;
  /** asks a person at a terminal; undefined where there is none */
  readonly ask?: (question: string) => Promise<string>;
}

export type TextStream = Pick<Writable, 'write'> & { readonly isTTY?: boolean; readonly columns?: number };

/** Options that every command takes. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly state?: string;
  readonly config?: string;
}

/** Where a command runs: its output, and where configuration and Temporal's settings are. */
export interface CommandContext {
  readonly io: CliIo;
  readonly json: boolean;
  /** state folder of `diskferry up`, absolute; undefined without one */
  readonly stateDirectory: string | undefined;
  /** the configuration file, absolute; undefined when none is named */
  readonly configurationFile: string | undefined;
  /** the environment, with TEMPORAL_CONFIG_FILE of the state folder */
  readonly env: Readonly<Record<string, string>>;
  /** One line on standard output; with `--json` nothing, since standard output holds JSON only. */
  print(line?: string): void;
  /** One JSON object on standard output, in one line; nothing without `--json`. */
  printJson(value: object): void;
  /** One line on standard error, for what takes longer than two seconds. */
  progress(line: string): void;
}

/** Makes the context from options and environment. An option wins over a variable, a state folder over a configuration file. */
export function commandContext(io: CliIo, options: CommonOptions): CommandContext {
  if (options.state !== undefined && options.config !== undefined) {
    throw failure('usage', { problem: 'Give either --state or --config, not both', command: 'diskferry' });
  }
  const stateOption = options.state ?? (options.config === undefined ? io.env['DISKFERRY_STATE'] : undefined);
  const stateDirectory = stateOption === undefined || stateOption === '' ? undefined : path.resolve(stateOption);
  const configOption = options.config ?? io.env['DISKFERRY_CONFIG'];
  const configurationFile =
    stateDirectory === undefined
      ? configOption === undefined || configOption === ''
        ? undefined
        : path.resolve(configOption)
      : path.join(stateDirectory, 'diskferry.toml');
  const json = options.json === true;
  return {
    io,
    json,
    stateDirectory,
    configurationFile,
    env: environment(io.env, stateDirectory),
    print: (line = '') => {
      if (!json) io.stdout.write(`${line}\n`);
    },
    printJson: (value) => {
      if (json) io.stdout.write(`${JSON.stringify(value)}\n`);
    },
    progress: (line) => void io.stderr.write(`${line}\n`),
  };
}

/**
 * The configuration file that a command cannot do without.
 *
 * @throws DiskferryFailure `usage` when none is named
 */
export function requireConfigurationFile(context: CommandContext): string {
  if (context.configurationFile !== undefined) return context.configurationFile;
  throw failure('usage', {
    problem: 'No configuration is named: give --state DIR or --config FILE, or set DISKFERRY_STATE or DISKFERRY_CONFIG',
    command: 'diskferry',
  });
}

function environment(env: NodeJS.ProcessEnv, stateDirectory: string | undefined): Record<string, string> {
  const known = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    ...Object.fromEntries(known),
    ...(stateDirectory !== undefined && { TEMPORAL_CONFIG_FILE: path.join(stateDirectory, 'temporal.toml') }),
  };
}
