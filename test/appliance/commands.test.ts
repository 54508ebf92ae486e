import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand } from '../../appliance/commands';
import { makeCopyLocks } from '../../appliance/copy-lock';
import type { CommandProgramInput } from './fixtures/command-program';
import { eventually, processesNaming } from './support/process-census';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'diskferry-command-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const noSignal = new AbortController().signal;
const run = (command: readonly [string, ...string[]], more: Partial<Parameters<typeof runCommand>[0]> = {}) =>
  runCommand({ command, environment: {}, timeoutMs: 20_000, signal: noSignal, ...more });
const shell = (script: string, more: Partial<Parameters<typeof runCommand>[0]> = {}) =>
  run(['sh', '-c', script, 'hook', folder], more);
/** Whether anything that names the test's folder runs. */
const nothingRuns = async (): Promise<boolean> => (await processesNaming(folder)).length === 0;

/** A script with a child, as most hooks are; both name the folder. */
const MAKES_A_CHILD = (): [string, string, string, ...string[]] => [
  ...(['sh', '-c', 'sh -c "sleep 600; : $1" & touch "$1/begun"; wait'] as const),
  ...['hook', folder],
];

/** Has a worker run a command, and kills it when the command is at work. */
async function killWorkerOf(input: CommandProgramInput): Promise<void> {
  const loader = path.join(__dirname, '..', 'support', 'typescript-require.cjs');
  const program = path.join(__dirname, 'fixtures', 'command-program.ts');
  const worker = spawn(process.execPath, ['--require', loader, program, JSON.stringify(input)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await eventually(hasBegun, 'it has begun', 30_000);
  worker.kill('SIGKILL');
  await once(worker, 'exit');
}

const hasBegun = (): Promise<boolean> =>
  readFile(path.join(folder, 'begun')).then(
    () => true,
    () => false,
  );

describe('a command', () => {
  test('gets its arguments as they are, no input, its variables and nothing of the worker’s', async () => {
    process.env['DISKFERRY_TEST_SECRET'] = 'hidden';
    const end = await run(['sh', '-c', 'printf "%s|" "$@"; cat; env', 'hook', 'a b', '$HOME; exit 1', "'"], {
      environment: { DISKFERRY_PURPOSE: 'health' },
    });
    delete process.env['DISKFERRY_TEST_SECRET'];
    expect(end).toMatchObject({ ok: true, status: 'exit status 0' });
    expect(end.output).toContain("a b|$HOME; exit 1|'|");
    expect(end.output).toContain('DISKFERRY_PURPOSE=health');
    expect(end.output).not.toContain('hidden');
  });

  test('that fails gives its status and both its streams in their order', async () => {
    expect(await shell('echo one; echo two >&2; echo three; exit 3')).toEqual({
      ok: false,
      status: 'exit status 3',
      output: 'one\ntwo\nthree',
    });
  });

  test('that is not there says so', async () => {
    const end = await run(['/nowhere/hook']);
    expect(end.ok).toBe(false);
    expect(end.output).toMatch(/\/nowhere\/hook.*No such file/);
  });

  test('writes as much as it likes; its end is kept, in whole lines', async () => {
    const end = await shell('echo "password=$(head -c 20000 /dev/zero | tr "\\0" x)"; seq 1 10');
    expect(end.output).toBe('1\n2\n3\n4\n5\n6\n7\n8\n9\n10');
    expect((await shell('seq 1 100000')).output.length).toBeLessThanOrEqual(16 * 1024);
  });

  test('that hangs is ended in time, with all that it started', async () => {
    const end = await shell('sleep 600 "$0" "$1" & sh -c "sleep 600; : $1"; wait', { timeoutMs: 300 });
    expect(end).toMatchObject({ ok: false, status: 'it was not done within 300ms and was ended' });
    expect(await nothingRuns()).toBe(true);
  });

  test('is ended by its signal, and fails with the reason', async () => {
    const stop = new AbortController();
    const reason = new Error('cancelled');
    const running = shell('touch "$1/begun"; sleep 600', { signal: stop.signal });
    await eventually(hasBegun, 'it has begun');
    stop.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(await nothingRuns()).toBe(true);
  });

  test('that leaves something running has it ended, whether it holds the output or not', async () => {
    expect(await shell('sh -c "sleep 600; : $1" & sh -c "sleep 600; : $1" >/dev/null 2>&1 & echo done')).toMatchObject({
      ok: true,
      output: 'done',
    });
    await eventually(nothingRuns, 'nothing is left');
  });

  test('is not waited for by what has left its group and holds its output', async () => {
    const end = await shell('setsid sleep 3 & echo done');
    expect(end).toMatchObject({ ok: true, output: 'done' });
  });

  test('dies with its worker, and so does all that it started', async () => {
    await killWorkerOf({ command: MAKES_A_CHILD() });
    await eventually(nothingRuns, 'nothing is left');
  });
});

describe('a guest step', () => {
  const volumeId = '7f0c0d4e-8a53-4c35-9d56-5d2b8f0f3c11';

  test('of a killed worker holds the lock of its disk until the last process of it is dead', async () => {
    const locks = makeCopyLocks(folder);
    // One that has left the group lives on, and so does the lock.
    const escaped = 'setsid sh -c "while [ -e $1/stay ]; do sleep 0.05; done" >/dev/null 2>&1 & ';
    await writeFile(path.join(folder, 'stay'), '');
    const [shell, flag, text, ...rest] = MAKES_A_CHILD();
    await killWorkerOf({
      command: [shell, flag, `${escaped}${text}`, ...rest],
      guest: { exportsDirectory: folder, volumeId, deviceNode: path.join(folder, 'stay') },
    });
    expect(await locks.isFree(volumeId)).toBe(false);
    await rm(path.join(folder, 'stay'));
    await eventually(() => locks.isFree(volumeId), 'the lock is free');
    await eventually(nothingRuns, 'nothing is left');
  });
});

test.each([
  ['password=hunter2 next', 'password=*** next'],
  ['DB_PASSWORD: "hunter two"', 'DB_PASSWORD: ***'],
  ['{"secretKey": "abc", "zone": "QC"}', '{"secretKey": ***, "zone": "QC"}'],
  ['curl --token abc https://u:p@h/x', 'curl --token *** https://***@h/x'],
  ['Authorization: Basic YTpi', 'Authorization: ***'],
  ['\u001b[31mred\u001b[0m', 'red'],
  ['the token ring is up', 'the token ring is up'],
])('of what it wrote, %j is shown as %j', async (written, shown) => {
  expect((await run(['printf', '%s', written])).output).toBe(shown);
});
