import { readFile, stat } from 'node:fs/promises';
import { failure } from '../domain/failures';
import type { DatabaseConfiguration, SiteConfiguration, WorkerConfiguration } from './config';

/**
 * Secrets are read when they are needed, from the files and variables that the configuration names, and handed to whoever sends
 * them: never logged, never part of the configuration object.
 */

/**
 * The URL of the database with its password.
 *
 * @throws DiskferryFailure `configuration-invalid` when the variable is not set or the file cannot be read
 */
export async function databaseUrl(
  configuration: WorkerConfiguration,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const url = new URL(plainDatabaseUrl(configuration, environment));
  if (configuration.database.passwordFile !== undefined) {
    url.password = encodeURIComponent(
      await readSecret(configuration, '[database] password_file', configuration.database.passwordFile),
    );
  }
  return url.href;
}

/** The database's address for people: host and port, or the socket; no user, no password. */
export function databaseAddress(
  configuration: WorkerConfiguration,
  environment: NodeJS.ProcessEnv = process.env,
): string {
  const url = new URL(plainDatabaseUrl(configuration, environment));
  return url.searchParams.get('socketPath') ?? `${url.hostname}:${url.port === '' ? '3306' : url.port}`;
}

/** The API key pair of a site. Throws as {@link databaseUrl} does. */
export async function siteKeys(
  configuration: WorkerConfiguration,
  site: SiteConfiguration,
): Promise<{ apiKey: string; secretKey: string }> {
  return {
    apiKey: await readSecret(configuration, `[site.${site.name}] api_key_file`, site.apiKeyFile),
    secretKey: await readSecret(configuration, `[site.${site.name}] secret_key_file`, site.secretKeyFile),
  };
}

/** Warnings about secret files that others than their owner and group may read; a file that is not there is not warned about. */
export async function secretFileWarnings(configuration: WorkerConfiguration): Promise<string[]> {
  const files = [
    ...(configuration.database.passwordFile === undefined ? [] : [configuration.database.passwordFile]),
    ...[...configuration.sites.values()].flatMap((site) => [site.apiKeyFile, site.secretKeyFile]),
  ];
  const warnings: string[] = [];
  for (const file of new Set(files)) {
    const mode = await stat(file).then(
      (found) => found.mode,
      () => 0,
    );
    if ((mode & 0o004) !== 0) warnings.push(`${file} can be read by everybody on this machine; run: chmod 600 ${file}`);
  }
  return warnings;
}

function plainDatabaseUrl(configuration: WorkerConfiguration, environment: NodeJS.ProcessEnv): string {
  const { url, urlEnv }: DatabaseConfiguration = configuration.database;
  if (url !== undefined) return url;
  const fromEnvironment = environment[urlEnv ?? ''];
  if (fromEnvironment === undefined || fromEnvironment === '') {
    throw invalid(configuration, `[database] url_env: the environment variable ${urlEnv ?? ''} is not set`);
  }
  if (!URL.canParse(fromEnvironment)) {
    throw invalid(
      configuration,
      `[database] url_env: ${urlEnv ?? ''} holds no URL such as mysql://user:password@host:3306/diskferry`,
    );
  }
  return fromEnvironment;
}

async function readSecret(configuration: WorkerConfiguration, field: string, file: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw invalid(configuration, `${field}: ${file} cannot be read (${code})`);
  }
  if (text === '') throw invalid(configuration, `${field}: ${file} is empty`);
  return text;
}

function invalid(configuration: WorkerConfiguration, problems: string): Error {
  return failure('configuration-invalid', { file: configuration.file, problems });
}
