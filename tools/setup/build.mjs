import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly } from './commands.mjs';

const STAMP = 'dist/.stamp.json';
const FILES = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'tools/build-workflow-bundle.mjs'];

/**
 * Compiles to dist/ and prebuilds the workflow bundle, unless neither a source nor a package has changed since.
 *
 * @param {string} clone - folder of the clone
 * @param {(line: string) => void} say
 */
export async function build(clone, say) {
  const now = hashes(clone);
  const before = stamped(clone);
  if (before !== undefined && same(before, now)) return say('build: up to date');

  say('build: compiling, bundling the workflows');
  // What was compiled from a file that is gone would stay and could still be required.
  if (before === undefined || Object.keys(before).some((path) => now[path] === undefined)) {
    rmSync(join(clone, 'dist'), { recursive: true, force: true });
  }
  rmSync(join(clone, STAMP), { force: true });
  await node(clone, 'compile', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
  await node(clone, 'bundle', ['tools/build-workflow-bundle.mjs']);
  mkdirSync(join(clone, 'dist'), { recursive: true });
  writeFileSync(join(clone, STAMP), `${JSON.stringify(now, undefined, 1)}\n`);
}

function node(clone, what, args) {
  const logFile = join(clone, `.cache/setup-${what}.log`);
  return runQuietly({ what: `node ${args.join(' ')}`, command: process.execPath, args, cwd: clone, logFile });
}

function stamped(clone) {
  const file = join(clone, STAMP);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

function same(one, other) {
  const paths = Object.keys(one);
  return paths.length === Object.keys(other).length && paths.every((path) => one[path] === other[path]);
}

/** Path → hash of everything that the build reads. */
function hashes(clone) {
  const { include } = JSON.parse(readFileSync(join(clone, 'tsconfig.build.json'), 'utf8'));
  const sources = include.flatMap((folder) =>
    existsSync(join(clone, folder))
      ? readdirSync(join(clone, folder), { recursive: true })
          .filter((name) => /\.(ts|json)$/.test(name))
          .map((name) => `${folder}/${name}`)
      : [],
  );
  return Object.fromEntries(
    [...FILES, ...sources.sort()]
      .filter((path) => existsSync(join(clone, path)))
      .map((path) => [
        path,
        createHash('sha256')
          .update(readFileSync(join(clone, path)))
          .digest('hex'),
      ]),
  );
}
