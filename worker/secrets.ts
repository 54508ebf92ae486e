import { readFile, stat } from 'node:fs/promises';
import { DatabaseUrlError, parseDatabaseUrl } from '../database/database-url';
import { failure } from '../domain/failures';
import type { SiteConfiguration, WorkerConfiguration } from './config';

/**
 * Secrets are read when they are needed, from the files and variables that the configuration names, and handed to whoever sends
 * them: never logged, never part of the configuration object.
 */

/** What the database room is opened with. */
export interface DatabaseAccess {
  readonly url: string;
  /** used instead of one in the URL */
  readonly password?: string;
  /** `mysql://user@host:port/database`, for messages */
  readonly shown: string;
}

/**
 * Where the database is, with the password.
 *
 * @throws DiskferryFailure `configuration-invalid` when the variable is not set, the URL is not usable or the password file
 *   cannot be read
 */
export async function databaseAccess(
  configuration: WorkerConfiguration,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<DatabaseAccess> {
  const { url: plainUrl, urlEnv, passwordFile } = configuration.database;
  const url = plainUrl ?? environment[urlEnv ?? ''];
  if (url === undefined || url === '') {
    throw invalid(configuration, `[database] url_env: the environment variable ${urlEnv ?? ''} is not set`);
  }
  const password =
    passwordFile === undefined ? undefined : await readSecret(configuration, '[database] password_file', passwordFile);
  try {
    const { shown } = parseDatabaseUrl(url, password);
    return { url, shown, ...(password !== undefined && { password }) };
  } catch (error) {
    if (!(error instanceof DatabaseUrlError)) throw error;
    const field = plainUrl === undefined ? `url_env (${urlEnv ?? ''})` : 'url';
    throw invalid(configuration, `[database] ${field}: ${error.message}`);
  }
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
