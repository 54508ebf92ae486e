/**
 * `npm run prove [-- AREA... OPTIONS]`: what `npm test` has a sample of, whole. Two kinds of areas: `steps`, every step and undo by itself,
 * which are tests; and whole runs, with each effect cut off on both sides and each call to CloudStack lost, refused and late, which
 * test/prove/main.ts judges.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { cloneDirectory } from './setup/clone.mjs';
import { runMain, setUp } from './setup.mjs';

const STEPS = 'steps';

/** @returns the exit code */
async function runNode(args, environment) {
  const child = spawn(process.execPath, args, {
    cwd: cloneDirectory,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

/** The step contracts with all that can come after each cut (test/support/contract-engine.ts). */
const proveSteps = (jestArguments) =>
  runNode(
    [join(cloneDirectory, 'tools/test.mjs'), '--selectProjects', 'activities', '-t', 'contract of', ...jestArguments],
    { DISKFERRY_CONTRACT: 'whole' },
  );

async function proveRuns(args) {
  await setUp('demo');
  return await runNode(
    [
      '--require',
      join(cloneDirectory, 'test/support/typescript-require.cjs'),
      join(cloneDirectory, 'test/prove/main.ts'),
      ...args,
    ],
    // test/support/workflow-bundle.ts
    { DISKFERRY_TEST_WORKFLOW_BUNDLE: join(cloneDirectory, 'dist/workflow-bundle.js') },
  );
}

await runMain(async () => {
  const [area, ...more] = process.argv.slice(2);
  const codes = [];
  if (area === STEPS || area === undefined) codes.push(await proveSteps(more));
  if (area !== STEPS) codes.push(await proveRuns(process.argv.slice(2)));
  process.exitCode = Math.max(...codes);
});
