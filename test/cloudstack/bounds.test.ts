import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../cloudstack/clock';
import { createRateLimit } from '../../cloudstack/rate-limit';
import { content, hang, refuse, type Play } from './scripted-server';
import { failureOf, withClient } from './with-client';

/** Holds every answer back until it is let go. */
function gate(): { play: Play; open: () => void; waiting: () => number } {
  const held: (() => void)[] = [];
  let opened = false;
  return {
    play: (request, response) => {
      const answer = () => void content({ jobid: 'j', success: true })(request, response);
      if (opened) answer();
      else held.push(answer);
    },
    open: () => {
      opened = true;
      for (const answer of held.splice(0)) answer();
    },
    waiting: () => held.length,
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await systemClock.sleep(5);
}

describe('an aborted call', () => {
  const reason = new Error('the worker stops');

  test('is not sent when it was aborted before', async () => {
    await withClient(async ({ server, client }) => {
      const signal = AbortSignal.abort(reason);
      await expect(client.listZones({}, { signal })).rejects.toBe(reason);
      await expect(client.attachVolume({ id: 'v', virtualMachineId: 'm' }, { signal })).rejects.toBe(reason);
      expect(server.requests).toHaveLength(0);
    });
  });

  test('rejects with the reason when it is a read under way', async () => {
    await withClient(async ({ server, client }) => {
      server.play(hang);
      const stop = new AbortController();
      const call = client.listZones({}, { signal: stop.signal });
      await until(() => server.requests.length === 1);
      stop.abort(reason);
      await expect(call).rejects.toBe(reason);
    });
  });

  test('has an unknown outcome when it is a change under way', async () => {
    await withClient(async ({ server, client }) => {
      server.play(hang);
      const stop = new AbortController();
      const call = failureOf(client.attachVolume({ id: 'v', virtualMachineId: 'm' }, { signal: stop.signal }));
      await until(() => server.requests.length === 1);
      stop.abort(reason);
      expect(await call).toMatchObject({ kind: 'outcome-unknown', text: 'the call was aborted' });
    });
  });

  test('stops waiting to ask again', async () => {
    await withClient(
      async ({ server, client }) => {
        server.play(refuse(429, { errortext: 'please retry after [20000] ms.' }));
        const stop = new AbortController();
        const call = client.listZones({}, { signal: stop.signal, timeoutMs: 60_000 });
        await until(() => server.requests.length === 1);
        stop.abort(reason);
        await expect(call).rejects.toBe(reason);
      },
      { realPauses: true },
    );
  });

  test('leaves the queue unsent, also when it is a change', async () => {
    await withClient(
      async ({ server, client }) => {
        const held = gate();
        server.play(held.play);
        const first = client.attachVolume({ id: 'v', virtualMachineId: 'm' });
        const stop = new AbortController();
        const second = client.attachVolume({ id: 'w', virtualMachineId: 'm' }, { signal: stop.signal });
        await until(() => held.waiting() === 1);
        stop.abort(reason);
        await expect(second).rejects.toBe(reason);
        held.open();
        await first;
        expect(server.requests).toHaveLength(1);
      },
      { maxConcurrent: 1 },
    );
  });
});

describe('concurrency', () => {
  test('connections are kept: no more are opened than calls may be under way', async () => {
    await withClient(
      async ({ server, client }) => {
        for (let call = 0; call < 10; call++) await client.listZones({});
        // undici's pool may take a second one before it has seen the end of the first answer
        expect(server.connections()).toBeLessThanOrEqual(2);
        await Promise.all(Array.from({ length: 30 }, () => client.listZones({})));
        expect(server.requests).toHaveLength(40);
        expect(server.connections()).toBeLessThanOrEqual(3);
      },
      { maxConcurrent: 3 },
    );
  });

  test('no more than the bound are under way at once', async () => {
    await withClient(
      async ({ server, client }) => {
        const held = gate();
        server.play(held.play);
        const calls = Array.from({ length: 9 }, (_, index) => client.detachVolume({ id: `v${String(index)}` }));
        await until(() => held.waiting() === 3);
        await systemClock.sleep(50);
        expect(server.requests).toHaveLength(3);
        held.open();
        await Promise.all(calls);
        expect(server.requests).toHaveLength(9);
      },
      { maxConcurrent: 3 },
    );
  });

  test('slow deletes leave room for others', async () => {
    await withClient(
      async ({ server, client }) => {
        const held = gate();
        server.play(held.play, held.play, content({}));
        const deletes = ['a', 'b', 'c', 'd'].map((id) => client.deleteVolume({ id }));
        await until(() => held.waiting() === 2);
        expect(await client.listZones({})).toEqual([]);
        server.play(held.play);
        held.open();
        await Promise.all(deletes);
      },
      { maxConcurrent: 4 },
    );
  });
});

describe('rate limit', () => {
  test.each([
    [20, 45, 2000],
    [2.5, 4, 800],
  ])('%d requests per second: %d turns take at least %d ms', async (perSecond, turns, leastMs) => {
    const slept: number[] = [];
    const limit = createRateLimit(perSecond, {
      sleep: (milliseconds) => {
        slept.push(milliseconds);
        return Promise.resolve();
      },
    });
    for (let turn = 0; turn < turns; turn++) await limit.turn();
    const longest = slept.at(-1) ?? 0;
    expect(longest).toBeGreaterThan(leastMs - 100);
    expect(longest).toBeLessThanOrEqual(leastMs);
    // a burst of one second's worth is not held up
    expect(slept).toHaveLength(turns - Math.floor(perSecond));
  });

  test('is none by default', async () => {
    const limit = createRateLimit(undefined, { sleep: () => Promise.reject(new Error('slept')) });
    for (let turn = 0; turn < 1000; turn++) await limit.turn();
  });

  test('a 429 of one call holds all others back', async () => {
    await withClient(
      async ({ server, client }) => {
        server.play(refuse(429, { errortext: 'please retry after [300] ms.' }), content({ jobid: 'j' }));
        expect(await failureOf(client.detachVolume({ id: 'v' }))).toMatchObject({
          kind: 'unavailable',
          retryAfterMs: 300,
        });
        const began = performance.now();
        await client.detachVolume({ id: 'v' });
        expect(performance.now() - began).toBeGreaterThan(250);
      },
      { realPauses: true },
    );
  });
});

test('a closed client says so and sends nothing', async () => {
  await withClient(async ({ server, client }) => {
    await client.close();
    expect(await failureOf(client.detachVolume({ id: 'v' }))).toMatchObject({ kind: 'unavailable' });
    expect(server.requests).toHaveLength(0);
  });
});
