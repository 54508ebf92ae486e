import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startGuarded } from '../../stack/guarded-process';
import { type Part, type StackEvent, Supervisor } from '../../stack/supervisor';
import { temporaryFolder } from '../support/temporary-folder';
import { until } from '../support/until';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(async () => {
  await folder.remove();
});

/** The simplest part there is: it sleeps. */
function sleeper(name: string, beforeStart: () => void = () => undefined): Part {
  return {
    name,
    start: async () => {
      beforeStart();
      const process = await startGuarded({
        name,
        command: '/bin/sleep',
        args: ['600'],
        logFile: join(folder.path, `${name}.log`),
      });
      const ended = process.exited.then(({ code, signal }) => signal ?? `exit status ${String(code)}`);
      return { processId: process.processId, ended, stop: () => process.stop() };
    },
  };
}

function isAlive(processId: number | undefined): boolean {
  if (processId === undefined) return false;
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the supervisor', () => {
  test('starts a part again that was killed, and says so', async () => {
    const events: StackEvent[] = [];
    const supervisor = new Supervisor((event) => events.push(event));
    await supervisor.start(sleeper('one'));
    const part = supervisor.part('one');
    const first = part.processId;
    await part.kill9();
    await until(() => part.processId !== undefined && part.processId !== first);
    expect(isAlive(part.processId)).toBe(true);
    expect(events.map((event) => event.kind)).toEqual(['starting', 'ready', 'died', 'starting', 'ready']);
    expect(events[2]).toMatchObject({ part: 'one', processId: first, reason: 'SIGKILL' });
    await supervisor.stop();
  });

  test('tries again when a part that died cannot be started at once', async () => {
    const events: StackEvent[] = [];
    let refusals = 0;
    const supervisor = new Supervisor((event) => events.push(event));
    await supervisor.start(
      sleeper('moody', () => {
        if (refusals > 0 && refusals-- > 0) throw new Error('not today');
      }),
    );
    refusals = 2;
    await supervisor.part('moody').kill9();
    await until(() => events.filter((event) => event.kind === 'ready').length === 2);
    const reasons = events.filter((event) => event.kind === 'failed').map((event) => event.reason);
    expect(reasons).toEqual(['Error: not today', 'Error: not today']);
    await supervisor.stop();
  });

  test('leaves a part down that was stopped or killed on purpose, until it is started', async () => {
    const supervisor = new Supervisor(() => undefined);
    await supervisor.start(sleeper('two'));
    const part = supervisor.part('two');
    await part.kill9({ stayDown: true });
    expect(part.processId).toBeUndefined();
    await part.start();
    const second = part.processId;
    expect(isAlive(second)).toBe(true);
    await part.stop();
    expect(isAlive(second)).toBe(false);
    await supervisor.stop();
    expect(part.processId).toBeUndefined();
  });

  test('stops in reverse order, also a part that is about to be started again', async () => {
    const events: StackEvent[] = [];
    const supervisor = new Supervisor((event) => events.push(event));
    await supervisor.start(sleeper('a'), sleeper('b'));
    await supervisor.start(sleeper('c'));
    const ids = supervisor.parts.map((part) => part.processId);
    await supervisor.part('b').kill9();
    await supervisor.stop();
    const stopped = events.filter((event) => event.kind === 'stopped').map((event) => event.part);
    expect(stopped.filter((name) => name !== 'b')).toEqual(['c', 'a']);
    expect(ids.map(isAlive)).toEqual([false, false, false]);
    expect(supervisor.parts.map((part) => part.processId)).toEqual([undefined, undefined, undefined]);
  });

  test('names the parts there are when asked for another', () => {
    const supervisor = new Supervisor(() => undefined);
    supervisor.add(sleeper('worker'));
    expect(() => supervisor.part('wroker')).toThrow('no part wroker; parts: worker');
  });
});

describe('a guarded process', () => {
  test('does not outlive a parent that was killed', async () => {
    // A parent of its own: starts a sleeper through setpriv as startGuarded does, and tells its id.
    const file = join(folder.path, 'orphan.pid');
    const script = `
      const { spawn } = require('node:child_process');
      const child = spawn('setpriv', ['--pdeathsig', 'TERM', '/bin/sleep', '600'], { stdio: 'ignore', detached: true });
      require('node:fs').writeFileSync(${JSON.stringify(file)}, String(child.pid));
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
    const read = () => readFile(file, 'utf8').then(Number, () => 0);
    await until(async () => isAlive(await read()) && (await commandOf(await read())).includes('sleep'));
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await until(async () => !isAlive(await read()));
  });
});

async function commandOf(processId: number): Promise<string> {
  return await readFile(`/proc/${String(processId)}/comm`, 'utf8').catch(() => '');
}
