/**
 * Sets everything up that a fresh clone needs, with nothing but Node: npm packages, Debian packages, the Temporal server's binary,
 * the build. What is there already is skipped, so it may run before everything else, every time.
 *
 *   node tools/setup.mjs [--for demo|test|build|check]
 *
 * The demo needs all of that, tests also other people's clients, a guest's kernel and checkers of examples; building and checking need less. Without --for:
 * what the demo needs.
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from './setup/build.mjs';
import { cloneDirectory } from './setup/clone.mjs';
import { SetupError } from './setup/commands.mjs';
import { installGuestKernel } from './setup/guest-kernel.mjs';
import { installNpmPackages } from './setup/npm-packages.mjs';
import { installPythonClients } from './setup/python-clients.mjs';
import { installServiceCheckers } from './setup/service-checkers.mjs';
import { installSystemPackages } from './setup/system-packages.mjs';
import { installTemporalBinary } from './setup/temporal-binary.mjs';

const MINIMUM_NODE = [20, 11];

/** Refuses a Node that is too old for the packages used. */
export function checkNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  if (major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1])) {
    throw new SetupError(`Node ${version} is too old: Diskferry needs Node ${MINIMUM_NODE.join('.')} or newer.`);
  }
}

/** The steps, in their order, by what they are needed for. */
const everything = [installNpmPackages, installSystemPackages, installTemporalBinary, build];
const stepsFor = {
  demo: everything,
  test: [...everything, installPythonClients, installGuestKernel, installServiceCheckers],
  build: [installNpmPackages, build],
  check: [installNpmPackages],
};

/**
 * Sets up what one purpose needs.
 *
 * @param {keyof typeof stepsFor} purpose
 * @throws SetupError with what is missing and what to do
 */
export async function setUp(purpose, { clone = cloneDirectory, say = sayAloud } = {}) {
  checkNode();
  say(`Node ${process.versions.node}`);
  for (const step of stepsFor[purpose]) await step(clone, say);
}

/** Standard error, because the last line of standard output belongs to the command that follows. */
function sayAloud(line) {
  process.stderr.write(`set-up: ${line}\n`);
}

/** Runs a program's main function; what the user has to do is shown without a stack trace. */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`set-up: ${error instanceof SetupError ? error.message : (error.stack ?? error)}\n`);
    process.exitCode = 1;
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await runMain(async () => {
    const { values } = parseArgs({ options: { for: { type: 'string', default: 'demo' } } });
    if (!Object.hasOwn(stepsFor, values.for)) {
      throw new SetupError(`--for takes ${Object.keys(stepsFor).join(', ')}, not ${values.for}`);
    }
    await setUp(values.for);
  });
}
