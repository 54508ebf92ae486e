/** `npm run check`: everything that can be said about the code without a server, all of it even if one part fails. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { cloneDirectory } from './setup/clone.mjs';
import { runMain, setUp } from './setup.mjs';

const npmProgram = (path) => `node_modules/${path}`;
const parts = [
  { name: 'types', command: [npmProgram('typescript/bin/tsc'), '-p', 'tsconfig.json'] },
  { name: 'lint', command: [npmProgram('eslint/bin/eslint.js'), '.', '--max-warnings', '0'] },
  { name: 'format', command: [npmProgram('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'] },
  { name: 'unused code', command: [npmProgram('knip/bin/knip.js')] },
  { name: 'build', command: ['tools/setup.mjs', '--for', 'build'] },
  { name: 'generated files', command: ['dist/tools/generate.js', '--check'] },
  {
    name: 'tests',
    command: [npmProgram('jest/bin/jest.js'), '--selectProjects', 'domain', 'doctor', 'lint', 'replay'],
  },
];

await runMain(async () => {
  await setUp('check');
  const failed = parts.filter(({ name, command: [program, ...args] }) => {
    const started = Date.now();
    const run = spawnSync(process.execPath, [join(cloneDirectory, program), ...args], {
      cwd: cloneDirectory,
      encoding: 'utf8',
    });
    const good = run.status === 0;
    if (!good) process.stdout.write(`${run.stdout}${run.stderr}`);
    process.stdout.write(`${name}: ${good ? 'good' : 'FAILED'} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
    return !good;
  });
  process.exitCode = failed.length === 0 ? 0 : 1;
});
