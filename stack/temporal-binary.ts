import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { packageRoot } from './package-root';
import release from './temporal-release.json';

/** The Temporal server's binary is not on this machine. Retrying does not help; set-up brings it. */
export class TemporalBinaryError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TemporalBinaryError';
  }
}

/**
 * The Temporal CLI, whose `server start-dev` is the server: TEMPORAL_CLI_PATH, then the PATH, then the cache of our own set-up.
 * MAINTENANCE: tools/setup/temporal-binary.mjs looks in the same places and fills the cache.
 *
 * @throws TemporalBinaryError when it is nowhere, or TEMPORAL_CLI_PATH names nothing that can be run
 */
export function findTemporalBinary(env: NodeJS.ProcessEnv = process.env): string {
  const named = env['TEMPORAL_CLI_PATH'];
  if (named !== undefined && named !== '') {
    if (isExecutable(named)) return named;
    throw new TemporalBinaryError(`TEMPORAL_CLI_PATH names ${named}, which is no program that can be run`);
  }
  const onPath = (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'temporal'));
  const found = [...onPath.filter((path) => path.startsWith('/')), ...cachedBinaries(env)].find(isExecutable);
  if (found !== undefined) return found;
  throw new TemporalBinaryError("the Temporal server's binary is not here; run: npm run setup");
}

function cachedBinaries(env: NodeJS.ProcessEnv): string[] {
  const userCache = env['XDG_CACHE_HOME'] ?? '';
  const folders = [
    join(userCache === '' ? join(homedir(), '.cache') : userCache, 'diskferry'),
    join(packageRoot(), '.cache'),
  ];
  return folders.map((folder) => join(folder, `temporal-${release.version}`, 'temporal'));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
