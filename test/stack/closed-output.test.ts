import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../../stack/package-root';

/** Runs the built command line with a reader that goes away before it has read anything, as `head` does after its lines. */
async function withoutReader(gone: 'stdout' | 'stderr', ...args: string[]) {
  const child = spawn(process.execPath, [join(packageRoot(), 'bin', 'diskferry.js'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child[gone].destroy();
  const kept: Buffer[] = [];
  child[gone === 'stdout' ? 'stderr' : 'stdout'].on('data', (part: Buffer) => kept.push(part));
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { exitCode, signal, kept: Buffer.concat(kept).toString('utf8') };
}

test('a reader that has seen enough ends a command quietly', async () => {
  expect(await withoutReader('stdout', '--help')).toEqual({ exitCode: 0, signal: null, kept: '' });
});

test('the exit code of a failure stays, also when nobody reads what it says', async () => {
  expect(await withoutReader('stderr', 'status')).toEqual({ exitCode: 2, signal: null, kept: '' });
});

test('what must be stopped in order is: a simulator whose reader has gone', async () => {
  const ended = await withoutReader('stdout', 'simulator');
  expect(ended).toMatchObject({ exitCode: 0, signal: null });
  expect(ended.kept).not.toContain('EPIPE');
});
