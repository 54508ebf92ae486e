import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse, TomlError } from 'smol-toml';
import type { z } from 'zod';
import { milliseconds } from '../domain/duration';
import { failure } from '../domain/failures';
import { problemWords } from '../domain/problem-words';
import { configurationSchema, knownFields, type ConfigurationFile } from './config-schema';

/** The parsed configuration: durations in milliseconds, paths absolute. Secrets are not in it, only where they are (see secrets.ts). */
export interface WorkerConfiguration {
  /** the file that it was read from */
  readonly file: string;
  readonly database: DatabaseConfiguration;
  readonly sites: ReadonlyMap<string, SiteConfiguration>;
  readonly worker: ProcessConfiguration;
}

export interface DatabaseConfiguration {
  /** exactly one of `url` and `urlEnv` is there */
  readonly url?: string;
  readonly urlEnv?: string;
  readonly passwordFile?: string;
}

export interface SiteConfiguration {
  readonly name: string;
  readonly endpoint: string;
  readonly apiKeyFile: string;
  readonly secretKeyFile: string;
  /** name or id */
  readonly zone: string;
  /** name or id */
  readonly diskOffering: string;
  readonly settleTimeMs: number;
  readonly recoveryPoints: number;
  /** how often its job table is compared with Temporal */
  readonly reconcileEveryMs: number;
  readonly requestsPerSecond: number;
  readonly newVolumesAreZero: boolean;
  /** overrides what CloudStack lists */
  readonly dataDiskLimit?: number;
  readonly appliances: ReadonlyMap<string, ApplianceConfiguration>;
  /** commands that failover requests may name */
  readonly hooks: ReadonlyMap<string, CommandConfiguration>;
  /** what converts a guest, where the file says so */
  readonly convert?: CommandConfiguration;
}

export interface CommandConfiguration {
  /** program and arguments; a program that is named by a path, by an absolute one */
  readonly command: readonly [string, ...string[]];
  readonly timeoutMs: number;
}

export interface ApplianceConfiguration {
  /** CloudStack uuid of the VM, lower case */
  readonly id: string;
  readonly identity: 'dmi' | 'nic' | 'file';
  readonly identityFile: string;
  readonly byIdDirectory: string;
  readonly sysfsBlockDirectory: string;
  readonly exportsDirectory: string;
  readonly simulated: boolean;
  readonly maxCopies: number;
  readonly deviceWaitMs: number;
}

export interface ProcessConfiguration {
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly logFile?: string;
  readonly healthListen?: ListenAddress;
  readonly metricsListen?: ListenAddress;
  readonly temporalMetricsListen?: ListenAddress;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads and checks a configuration file.
 *
 * @throws DiskferryFailure `configuration-invalid` naming file, section, field and what would be right; retrying does not help
 */
export async function loadConfiguration(file: string): Promise<WorkerConfiguration> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error);
    throw failure('configuration-invalid', { file, problems: reason }, { cause: error });
  }
  return parseConfiguration(text, file);
}

/** {@link loadConfiguration} of a text; relative paths in it are taken from the folder of `file`. */
export function parseConfiguration(text: string, file: string): WorkerConfiguration {
  const parsed = configurationSchema.safeParse(parseToml(text, file), { error: problemWords });
  if (!parsed.success) {
    const problems = parsed.error.issues.map(describeIssue).join('; ');
    throw failure('configuration-invalid', { file, problems });
  }
  return fromFile(parsed.data, path.resolve(file));
}

function parseToml(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const problems = `line ${String(error.line)}, column ${String(error.column)}: ${error.message.split('\n')[0] ?? ''}`;
    throw failure('configuration-invalid', { file, problems }, { cause: error });
  }
}

function fromFile(raw: ConfigurationFile, file: string): WorkerConfiguration {
  const inFolder = (name: string): string => path.resolve(path.dirname(file), name);
  const { url, url_env: urlEnv, password_file: passwordFile } = raw.database;
  return {
    file,
    database: {
      ...(url !== undefined && { url }),
      ...(urlEnv !== undefined && { urlEnv }),
      ...(passwordFile !== undefined && { passwordFile: inFolder(passwordFile) }),
    },
    sites: new Map(Object.entries(raw.site).map(([name, site]) => [name, siteFromFile(name, site, inFolder)])),
    worker: {
      logLevel: raw.worker.log_level,
      ...(raw.worker.log_file !== undefined && { logFile: inFolder(raw.worker.log_file) }),
      ...(raw.worker.health_listen !== undefined && { healthListen: hostAndPort(raw.worker.health_listen) }),
      ...(raw.worker.metrics_listen !== undefined && { metricsListen: hostAndPort(raw.worker.metrics_listen) }),
      ...(raw.worker.temporal_metrics_listen !== undefined && {
        temporalMetricsListen: hostAndPort(raw.worker.temporal_metrics_listen),
      }),
    },
  };
}

function siteFromFile(
  name: string,
  site: ConfigurationFile['site'][string],
  inFolder: (name: string) => string,
): SiteConfiguration {
  return {
    name,
    endpoint: site.endpoint,
    apiKeyFile: inFolder(site.api_key_file),
    secretKeyFile: inFolder(site.secret_key_file),
    zone: site.zone,
    diskOffering: site.disk_offering,
    settleTimeMs: milliseconds(site.settle_time),
    recoveryPoints: site.recovery_points,
    reconcileEveryMs: milliseconds(site.reconcile_every),
    requestsPerSecond: site.requests_per_second,
    newVolumesAreZero: site.new_volumes_are_zero,
    ...(site.data_disk_limit !== undefined && { dataDiskLimit: site.data_disk_limit }),
    appliances: new Map(
      Object.entries(site.appliance).map(([id, appliance]) => [
        id,
        {
          id,
          identity: appliance.identity,
          identityFile: inFolder(appliance.identity_file),
          byIdDirectory: inFolder(appliance.by_id_directory),
          sysfsBlockDirectory: inFolder(appliance.sysfs_block_directory),
          exportsDirectory: inFolder(appliance.exports_directory),
          simulated: appliance.simulated,
          maxCopies: appliance.max_copies,
          deviceWaitMs: milliseconds(appliance.device_wait),
        },
      ]),
    ),
    hooks: new Map(Object.entries(site.hook).map(([hook, section]) => [hook, commandFromFile(section, inFolder)])),
    ...(site.convert !== undefined && { convert: commandFromFile(site.convert, inFolder) }),
  };
}

function commandFromFile(
  { command, timeout }: { readonly command: readonly string[]; readonly timeout: string },
  inFolder: (name: string) => string,
): CommandConfiguration {
  const [program = '', ...args] = command;
  // Without a slash it is looked for in PATH, as execvp(3) does.
  return { command: [program.includes('/') ? inFolder(program) : program, ...args], timeoutMs: milliseconds(timeout) };
}

function hostAndPort(text: string): ListenAddress {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}

/** `[site.qc] zon is no known field; known are zone, …`: an issue with its section in TOML's own notation. */
function describeIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    const known = knownFields(issue.path);
    return `${section(issue.path)} ${issue.keys.join(', ')} ${issue.keys.length > 1 ? 'are no known fields' : 'is no known field'}${
      known === undefined ? '' : `; known are ${known.join(', ')}`
    }`;
  }
  if (issue.code === 'invalid_key') {
    return `${section(issue.path)} the name ${issue.issues.map((inner) => inner.message).join(', ')}`;
  }
  if (isSection(issue.path)) return `${section(issue.path)} ${issue.message}`;
  return `${section(issue.path.slice(0, -1))} ${String(issue.path.at(-1))} ${issue.message}`;
}

function isSection(issuePath: readonly PropertyKey[]): boolean {
  return (
    issuePath.length === 1 ||
    knownFields(issuePath) !== undefined ||
    ['appliance', 'hook'].includes(String(issuePath.at(-1)))
  );
}

function section(sectionPath: readonly PropertyKey[]): string {
  return sectionPath.length === 0 ? 'top level:' : `[${sectionPath.map(String).join('.')}]`;
}
