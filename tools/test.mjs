/**
 * `npm test`: set-up, then every test. The last line is `N passed, N failed`, after one that says how many were skipped
 * when some were, and the exit code agrees with it. Further arguments go to jest: `npm test -- --selectProjects domain`.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cloneDirectory } from './setup/clone.mjs';
import { runMain, setUp } from './setup.mjs';

/** Runs jest to its end, whatever that is. */
function runJest(args, resultFile, stateDirectory) {
  const jest = join(cloneDirectory, 'node_modules/jest/bin/jest.js');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [jest, '--json', '--outputFile', resultFile, ...args], {
      cwd: cloneDirectory,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, DISKFERRY_TEST_DIRECTORY: stateDirectory },
    });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code));
  });
}

await runMain(async () => {
  await setUp('test');

  // Short, because Unix sockets are made below it and their paths end at 107 characters.
  const stateDirectory = mkdtempSync(join(tmpdir(), 'dft-'));
  const resultFile = join(stateDirectory, 'jest.json');
  const exitCode = await runJest(process.argv.slice(2), resultFile, stateDirectory);

  const result = existsSync(resultFile) ? JSON.parse(readFileSync(resultFile, 'utf8')) : undefined;
  const passed = result?.numPassedTests ?? 0;
  // A suite that cannot even be loaded has no tests that could fail: it counts as one.
  const failed = (result?.numFailedTests ?? 0) + (result?.numRuntimeErrorTestSuites ?? 0);
  const complaints = [];
  if (result === undefined) complaints.push(`jest ended (${exitCode}) without a result`);
  else if (passed + failed === 0) complaints.push('no test ran');
  else if (exitCode !== 0 && failed === 0) complaints.push(`jest ended with ${exitCode} though no test failed`);

  const good = failed === 0 && complaints.length === 0;
  if (good) rmSync(stateDirectory, { recursive: true, force: true });
  else complaints.push(`state folders and logs are kept in ${stateDirectory}`);
  for (const complaint of complaints) process.stdout.write(`${complaint}\n`);
  // Files of other projects, or tests of other names, that were not asked for are no skipped tests.
  const skipped = process.argv.length > 2 ? 0 : (result?.numPendingTests ?? 0);
  if (skipped > 0) process.stdout.write(`${skipped} skipped\n`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = good ? 0 : 1;
});
