/** Looking for programs and running them, with nothing but Node. */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, openSync, closeSync, readFileSync, mkdirSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** Folders of system programs, which the PATH of an ordinary user often lacks. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Something the user has to know or do; shown without a stack trace. */
export class SetupError extends Error {
  constructor(message) {
    super(message);
    this.name = 'SetupError';
  }
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * The first executable of that name on the PATH, or undefined.
 *
 * @param {string} name
 * @param {{ path?: string, systemFolders?: readonly string[] }} [where]
 */
export function findProgram(name, { path = process.env.PATH ?? '', systemFolders = SYSTEM_FOLDERS } = {}) {
  const folders = [...path.split(delimiter).filter((folder) => folder !== ''), ...systemFolders];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Whether a command ends well; its output is thrown away. */
export function succeeds(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** The standard output of a command, or undefined when it could not be run or failed. */
export function outputOf(command, args) {
  const run = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 30_000 });
  return run.status === 0 ? run.stdout : undefined;
}

/**
 * Runs a command whose output nobody wants to read unless it fails: it goes to a log file, and is shown in short on failure.
 *
 * @param {{ what: string, command: string, args: readonly string[], logFile: string, cwd?: string, env?: NodeJS.ProcessEnv }} run
 * @throws SetupError with beginning and end of the output
 */
export async function runQuietly({ what, command, args, logFile, cwd, env }) {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w');
  try {
    const ending = await new Promise((resolve) => {
      const child = spawn(command, args, { cwd, env: env ?? process.env, stdio: ['ignore', log, log] });
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(code === 0 ? undefined : `exit ${code ?? signal}`));
    });
    if (ending !== undefined) {
      throw new SetupError(`${what} failed (${ending}); from ${logFile}:\n${shortened(readFileSync(logFile, 'utf8'))}`);
    }
  } finally {
    closeSync(log);
  }
}

/** Beginning and end of a long output: npm says what is wrong first, apt and compilers last. */
function shortened(text) {
  const lines = text.trimEnd().split('\n');
  return (lines.length <= 30 ? lines : [...lines.slice(0, 8), '…', ...lines.slice(-20)]).join('\n');
}
