import { describe, expect, test } from '@jest/globals';
import type { CloudStackApi } from '../../cloudstack/api';
import { isCloudStackError, type CloudStackErrorKind } from '../../cloudstack/errors';
import { content, cutAnswer, hang, keys, page, refuse, reset, type Play } from './scripted-server';
import { failureOf, withClient } from './with-client';

const attach = (client: CloudStackApi) => client.attachVolume({ id: 'v', virtualMachineId: 'm' }, { timeoutMs: 500 });
const list = (client: CloudStackApi) => client.listVolumes({ name: 'n' });
const html = page(503, 'text/html', '<html>Service Unavailable, Powered by Jetty</html>');
const rateLimited = refuse(429, {
  errortext: 'The given user has reached his/her account api limit, please retry after [40] ms.',
  cserrorcode: 4545,
});
const maintenance = refuse(503, {
  errortext: 'Maintenance or Shutdown has been initiated on this management server. Can not accept new jobs',
});

describe('a change is sent once, whatever comes', () => {
  const cases: [string, Play, CloudStackErrorKind, RegExp][] = [
    ['the connection is reset', reset, 'outcome-unknown', /./],
    ['the answer is cut', cutAnswer, 'outcome-unknown', /./],
    ['no answer within the deadline', hang, 'outcome-unknown', /no answer within 500 ms/],
    ['200 with an empty body', page(200, 'application/json', ''), 'outcome-unknown', /HTTP 200 with an empty body/],
    ['200 with HTML', page(200, 'text/html', '<html>'), 'outcome-unknown', /HTTP 200 with text\/html/],
    ['200 with JSON of somebody else', page(200, 'application/json', '{"ok":true}'), 'outcome-unknown', /JSON/],
    ['200 without a job id', content({}), 'outcome-unknown', /jobid/],
    ['503 page of a proxy or of Jetty', html, 'outcome-unknown', /HTTP 503 with text\/html/],
    ['502 page of a proxy', page(502, 'text/html', '<html>'), 'outcome-unknown', /HTTP 502/],
    ["CloudStack's own 503", maintenance, 'unavailable', /Maintenance or Shutdown/],
    ["CloudStack's own 429", rateLimited, 'unavailable', /api limit/],
    ['429 page of a proxy', page(429, 'text/html', '<html>'), 'unavailable', /HTTP 429/],
    [
      '431',
      refuse(431, { errortext: 'Please specify a volume that is not attached to any VM.' }),
      'conflict',
      /not attached/,
    ],
    ['530', refuse(530, { errortext: 'Internal error executing command' }), 'refused', /Internal error/],
    ['531', refuse(531, { errortext: 'Caller does not have permission' }), 'refused', /permission/],
    ['432', refuse(432, { errortext: 'The API [attachVolume] does not exist' }), 'unauthorized', /does not exist/],
    ['401', refuse(401, { errortext: 'unable to verify user credentials' }), 'unauthorized', /unable to verify/],
  ];

  test.each(cases)('%s', async (_what, play, kind, text) => {
    await withClient(async ({ server, client }) => {
      server.play(play);
      const error = await failureOf(attach(client));
      expect(error).toMatchObject({ kind, command: 'attachVolume', endpoint: server.endpoint });
      expect(error.text).toMatch(text);
      expect(server.requests).toHaveLength(1);
    });
  });

  test('nobody listens: unavailable, it surely was not sent', async () => {
    await withClient(async ({ server, client }) => {
      await server.close();
      expect(await failureOf(attach(client))).toMatchObject({
        kind: 'unavailable',
        text: expect.stringMatching(/ECONNREFUSED/),
      });
    });
  });

  test('the name does not resolve: unavailable', async () => {
    await withClient(
      async ({ client }) => {
        expect(await failureOf(attach(client))).toMatchObject({ kind: 'unavailable' });
      },
      { endpoint: 'http://cloudstack.invalid:8080/client/api' },
    );
  });

  test('a listener that does not speak TLS: unavailable, the request never left', async () => {
    await withClient(async ({ server }) => {
      const endpoint = server.endpoint.replace('http:', 'https:');
      await withClient(
        async ({ client }) => {
          expect(await failureOf(attach(client))).toMatchObject({ kind: 'unavailable' });
          expect(server.requests).toHaveLength(0);
        },
        { endpoint },
      );
    });
  });

  test('a server that went away between two calls: unavailable', async () => {
    await withClient(async ({ server, client }) => {
      server.play(content({ jobid: 'j' }));
      await attach(client);
      await server.close();
      expect(await failureOf(attach(client))).toMatchObject({ kind: 'unavailable' });
    });
  });

  test('a kept connection that is lost: not sent again on another one', async () => {
    await withClient(async ({ server, client }) => {
      server.play(content({ jobid: 'j' }), reset);
      await attach(client);
      expect(await failureOf(attach(client))).toMatchObject({ kind: 'outcome-unknown' });
      expect(server.requests).toHaveLength(2);
    });
  });

  test('deleteVolume of an attached volume says who holds it, which its refusal does not', async () => {
    await withClient(async ({ server, client }) => {
      const attached = refuse(431, { errortext: 'Please specify a volume that is not attached to any VM.' });
      const row = { id: 'v', size: 1, state: 'Ready', virtualmachineid: 'm', vmname: 'appliance-a' };
      server.play(attached, content({ count: 1, volume: [row] }));
      expect(await failureOf(client.deleteVolume({ id: 'v' }))).toMatchObject({
        kind: 'conflict',
        errorCode: 431,
        holder: { id: 'm', name: 'appliance-a' },
      });
      server.play(attached, html);
      const unnamed = await failureOf(client.deleteVolume({ id: 'v' }));
      expect({ kind: unnamed.kind, holder: unnamed.holder }).toEqual({ kind: 'conflict', holder: undefined });
    });
  });

  test('deleteVolume that says no without an error code is refused', async () => {
    await withClient(async ({ server, client }) => {
      server.play(content({ success: 'false', displaytext: 'storage is busy' }));
      expect(await failureOf(client.deleteVolume({ id: 'v' }))).toMatchObject({
        kind: 'refused',
        text: 'storage is busy',
      });
    });
  });
});

describe('a read is asked again', () => {
  const passing: [string, Play][] = [
    ['the connection is reset', reset],
    ['the answer is cut', cutAnswer],
    ['200 with an empty body', page(200, 'application/json', '')],
    ['503 page', html],
    ["CloudStack's own 503", maintenance],
    ['429', rateLimited],
  ];

  test.each(passing)('%s: three times, then it answers', async (_what, play) => {
    await withClient(async ({ server, client }) => {
      server.play(play, play, play, content({ count: 0 }));
      expect(await list(client)).toEqual([]);
      expect(server.requests).toHaveLength(4);
    });
  });

  test.each(passing)('%s: a fourth time is unavailable', async (_what, play) => {
    await withClient(async ({ server, client }) => {
      server.play(play);
      expect(await failureOf(list(client))).toMatchObject({ kind: 'unavailable', command: 'listVolumes' });
      expect(server.requests).toHaveLength(4);
    });
  });

  test('after pauses that grow, with chance in them', async () => {
    await withClient(async ({ server, client, pauses }) => {
      server.play(html);
      await failureOf(list(client));
      expect(pauses).toHaveLength(3);
      [200, 400, 800].forEach((base, index) => {
        expect(pauses[index]).toBeGreaterThanOrEqual(base);
        expect(pauses[index]).toBeLessThanOrEqual(base * 1.5);
      });
    });
  });

  test('after a 429 not before the server asked for', async () => {
    await withClient(
      async ({ server, client }) => {
        const began = performance.now();
        server.play(rateLimited, content({}));
        await list(client);
        expect(performance.now() - began).toBeGreaterThanOrEqual(40);
      },
      { realPauses: true },
    );
  });

  test('not when the pause would end after the deadline', async () => {
    await withClient(async ({ server, client }) => {
      server.play(refuse(429, { errortext: 'please retry after [60000] ms.' }));
      const error = await failureOf(client.listZones({}, { timeoutMs: 5_000 }));
      expect(error).toMatchObject({ kind: 'unavailable', retryAfterMs: 60_000, errorCode: 429 });
      expect(server.requests).toHaveLength(1);
    });
  });

  test.each<[string, Play, CloudStackErrorKind]>([
    ['no answer within the deadline', hang, 'unavailable'],
    ['404 page: a wrong path', page(404, 'text/html', '<html>'), 'unavailable'],
    ['431', refuse(431, { errortext: 'Page size' }), 'refused'],
    ['401', refuse(401, { errortext: 'unable to verify' }), 'unauthorized'],
    ['401 page of a proxy', page(401, 'text/html', '<html>'), 'unauthorized'],
    ['an answer of another shape', content({ volume: [{ id: 7 }] }), 'unavailable'],
  ])('not for %s', async (_what, play, kind) => {
    await withClient(async ({ server, client }) => {
      server.play(play);
      expect(await failureOf(client.listVolumes({}, { timeoutMs: 300 }))).toMatchObject({ kind });
      expect(server.requests).toHaveLength(1);
    });
  });

  test('a proxy may name the pause in a header', async () => {
    await withClient(async ({ server, client }) => {
      server.play(page(429, 'text/html', '', { 'retry-after': '2' }));
      expect(await failureOf(client.listZones({}, { timeoutMs: 500 }))).toMatchObject({ retryAfterMs: 2000 });
    });
  });
});

test('the secret is in no error and in no log line, even when the server echoes it', async () => {
  await withClient(async ({ server, client, log }) => {
    const errors: unknown[] = [];
    const echo = refuse(431, { errortext: `bad key ${keys.secretKey}` });
    for (const play of [reset, html, echo, refuse(401, { errortext: keys.secretKey }), hang]) {
      server.play(play);
      errors.push(await failureOf(attach(client)), await failureOf(client.listZones({}, { timeoutMs: 300 })));
    }
    await server.close();
    errors.push(await failureOf(list(client)));
    const words = errors.map((error) => printed(error)).join('\n') + log.join('\n');
    expect(words).toContain('[secret]');
    expect(words).not.toContain(keys.secretKey);
    expect(words).not.toMatch(/signature=/);
  });
});

/** Everything that a logger could print of an error. */
function printed(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error);
  return [error.stack, JSON.stringify(error), error.cause === undefined ? '' : printed(error.cause)].join('\n');
}

test('isCloudStackError asks for kinds', async () => {
  await withClient(async ({ server, client }) => {
    server.play(refuse(431, { errortext: 'no', cserrorcode: 4350 }));
    const error: unknown = await failureOf(attach(client));
    expect(isCloudStackError(error)).toBe(true);
    expect(isCloudStackError(error, 'not-found', 'refused')).toBe(true);
    expect(isCloudStackError(error, 'unavailable')).toBe(false);
    expect(error).toMatchObject({ httpStatus: 431, errorCode: 431, csErrorCode: 4350, text: 'no' });
  });
});
