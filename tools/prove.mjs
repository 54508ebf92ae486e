/**
 * `npm run prove [-- AREA... OPTIONS]`: runs whole runs with each effect cut off on both sides and each call to CloudStack lost,
 * refused and late, and judges where each of them ends. What it can do stands in test/prove/main.ts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { cloneDirectory } from './setup/clone.mjs';
import { runMain, setUp } from './setup.mjs';

await runMain(async () => {
  await setUp('demo');
  const child = spawn(
    process.execPath,
    [
      '--require',
      join(cloneDirectory, 'test/support/typescript-require.cjs'),
      join(cloneDirectory, 'test/prove/main.ts'),
      ...process.argv.slice(2),
    ],
    {
      cwd: cloneDirectory,
      stdio: 'inherit',
      // test/support/workflow-bundle.ts
      env: { ...process.env, DISKFERRY_TEST_WORKFLOW_BUNDLE: join(cloneDirectory, 'dist/workflow-bundle.js') },
    },
  );
  const [code] = await once(child, 'exit');
  process.exitCode = code ?? 1;
});
