import { describe, expect, test } from '@jest/globals';
import { content, keys, refuse } from './scripted-server';
import { failureOf, withClient } from './with-client';

const minute = 60_000;
const volume = { id: 'v', virtualMachineId: 'm' };

describe('requests expire by the server’s clock', () => {
  test.each([25 * minute, -25 * minute])('which a 401 with a Date %d ms away teaches', async (aheadMs) => {
    await withClient(
      async ({ server, client, log }) => {
        server.play(content({ jobid: 'j' }));
        await client.attachVolume(volume);
        await client.attachVolume(volume);
        // refused once, never acted on, then learned for good
        expect(server.requests.map(({ authentic }) => authentic)).toEqual([false, true, true]);
        expect(log.join('\n')).toMatch(/about 25 minutes (ahead of|behind) this machine's clock/);
      },
      { aheadMs, sendsDate: true },
    );
  });

  test('several calls at once learn it each', async () => {
    await withClient(
      async ({ client }) => {
        const calls = Array.from({ length: 6 }, () => client.listZones({}));
        expect(await Promise.all(calls)).toEqual([[], [], [], [], [], []]);
      },
      { aheadMs: 25 * minute, sendsDate: true },
    );
  });

  test('a Date that is wrong (a proxy’s) does no harm while requests are accepted', async () => {
    await withClient(async ({ server, client }) => {
      const wrongDate = new Date(Date.now() - 60 * minute).toUTCString();
      server.play((request, response) => {
        response.setHeader('date', wrongDate);
        return content({})(request, response);
      });
      await client.listZones({});
      await client.listZones({});
      expect(server.requests.map(({ authentic }) => authentic)).toEqual([true, true]);
    });
  });

  test('a wrong Date does not replace a clock that was right: a bad key is told apart', async () => {
    await withClient(async ({ server, client }) => {
      const wrongDate = new Date(Date.now() - 60 * minute).toUTCString();
      server.play((request, response) => {
        response.setHeader('date', wrongDate);
        refuse(401, { errortext: 'unable to verify user credentials' })(request, response);
      });
      const error = await failureOf(client.listZones({}));
      expect(error.kind).toBe('unauthorized');
      // the second one expired by the true clock, the server's own check of it says so
      expect(server.requests.map(({ authentic }) => authentic)).toEqual([true, false]);
      server.play(content({}));
      expect(await client.listZones({})).toEqual([]);
    });
  });
});

describe('a refusal', () => {
  test('names the difference of the clocks when signing by the server’s did not help', async () => {
    await withClient(
      async ({ client, server }) => {
        const error = await failureOf(client.attachVolume(volume));
        expect(error.kind).toBe('unauthorized');
        expect(error.text).toBe(
          'unable to verify user credentials and/or request signature ' +
            "(the server's Date is about 11 minutes ahead of this machine's clock; signing by it did not help)",
        );
        expect(server.requests).toHaveLength(2);
      },
      { aheadMs: 11 * minute, sendsDate: true, apiKey: 'another key' },
    );
  });

  test('is sent once when the clocks agree, or no Date says anything', async () => {
    for (const sendsDate of [true, false]) {
      await withClient(
        async ({ client, server }) => {
          const error = await failureOf(client.listZones({}));
          const words = 'unable to verify user credentials and/or request signature';
          if (sendsDate) expect(error.text).toBe(words);
          else expect(error.text).toMatch(new RegExp(`^${words} \\(.*clocks too far apart`));
          expect(server.requests).toHaveLength(1);
        },
        { sendsDate, secretKey: `${keys.secretKey}x` },
      );
    }
  });
});
