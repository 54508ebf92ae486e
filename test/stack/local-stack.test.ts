import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { runJobSheetQueries } from '../../stack/job-sheet-queries';
import { type RunningStack, startStack } from '../../stack/local-stack';
import type { StackEvent } from '../../stack/supervisor';
import { temporaryFolder } from '../support/temporary-folder';
import { until } from '../support/until';

// The simulator runs as a process of its own: it needs the build (npm run build).
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let stack: RunningStack;
const events: StackEvent[] = [];
const options = () => ({
  stateDirectory: folder.path,
  synchronous: 'NORMAL' as const,
  worker: false,
  onEvent: (event: StackEvent) => void events.push(event),
});

beforeAll(async () => {
  folder = await temporaryFolder();
  stack = await startStack(options());
});
afterAll(async () => {
  await stack.stop();
  await folder.remove();
});

const ask = () => runJobSheetQueries({ port: stack.folder.ports.mariadb, password: stack.folder.databasePassword });

describe('a stack on this machine', () => {
  test('has a database with our schema, on which the queries of the job sheet run', async () => {
    const { duplicates, mappings } = await ask();
    expect(duplicates).toMatchObject({ columns: ['device_path', 'COUNT(*)'], rows: [] });
    expect(mappings).toMatchObject({ columns: ['device_path', 'volume_uuid'], rows: [] });
  });

  test('writes down the process ids of its parts', async () => {
    const ids = JSON.parse(await readFile(stack.folder.path('processes.json'), 'utf8')) as Record<string, number>;
    expect(Object.keys(ids)).toEqual(expect.arrayContaining(['MariaDB', 'Temporal server', 'simulator']));
    expect(ids['MariaDB']).toBe(stack.part('MariaDB').processId);
  });

  test('starts each part again that is killed, where it was', async () => {
    const { endpoint } = stack.simulator;
    const names = stack.parts.map((part) => part.name).filter((name) => name !== 'worker');
    const before = names.map((name) => stack.part(name).processId);
    await Promise.all(names.map((name) => stack.part(name).kill9()));
    await until(() => names.every((name) => stack.part(name).processId !== undefined));
    names.forEach((name, index) => {
      expect(stack.part(name).processId).not.toBe(before[index]);
    });
    expect(stack.simulator.endpoint).toBe(endpoint);
    expect((await ask()).duplicates.rows).toEqual([]);
    expect((await fetch(`${stack.simulator.controlEndpoint}/world`)).ok).toBe(true);
    expect((await fetch(stack.temporalUiUrl)).ok).toBe(true);
  });

  test('is refused a second time in the same folder, naming the process, and the first goes on', async () => {
    await expect(startStack(options())).rejects.toThrow(`in use by process ${String(process.pid)}`);
    expect((await ask()).duplicates.rows).toEqual([]);
  });

  test('comes back with the same ports and keys after it was stopped', async () => {
    const { ports } = stack.folder;
    const { accounts } = stack.simulator;
    await stack.stop();
    stack = await startStack(options());
    expect(stack.folder.ports).toEqual(ports);
    expect(stack.simulator.accounts).toEqual(accounts);
    expect((await ask()).mappings.rows).toEqual([]);
  });
});
