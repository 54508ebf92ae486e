import { describe, expect, test } from '@jest/globals';
import type { CloudStackApi } from '../../cloudstack/api';
import type { CloudStackErrorKind } from '../../cloudstack/errors';
import { content, endless, keys, notHttp, page, refuse, trickle, type Play } from './scripted-server';
import { failureOf, withClient } from './with-client';

const attach = (client: CloudStackApi) => client.attachVolume({ id: 'v', virtualMachineId: 'm' }, { timeoutMs: 5_000 });
const list = (client: CloudStackApi) => client.listVolumes({ name: 'n' }, { timeoutMs: 5_000 });
const json = (text: string, status = 200) => page(status, 'application/json', text);
const redirect = (status: number) =>
  page(status, 'text/html', '<html>', { location: `https://cloud.example.org/client/api?apikey=${keys.apiKey}#x` });

describe('an answer that cannot be used leaves a change unknown and a read unavailable', () => {
  const cases: [string, Play, RegExp][] = [
    ['JSON that is cut', json('{"attachvolumeresponse":{"jobid":'), /instead of CloudStack's JSON/],
    ['JSON that is no object', json('[{"jobid":"j"}]'), /instead of CloudStack's JSON/],
    ['a string', json('"attachvolumeresponse"'), /instead of CloudStack's JSON/],
    ['null', json('null'), /instead of CloudStack's JSON/],
    ['bytes that are no UTF-8', page(200, 'application/json', Buffer.from([0xff, 0xfe, 0x00])), /instead of/],
    ['the answer of another command', json('{"listzonesresponse":{"count":0}}'), /instead of CloudStack's JSON/],
    ['an envelope of text', json('{"attachvolumeresponse":"done","listvolumesresponse":7}'), /instead of/],
    ['nesting without end', json('{"a":'.repeat(200_000)), /instead of CloudStack's JSON/],
    ['a list nested deeply', json(`${'['.repeat(200_000)}${']'.repeat(200_000)}`), /instead of CloudStack's JSON/],
    ['an error code that is none', json('{"errorresponse":{"errorcode":true,"errortext":"no"}}', 500), /HTTP 500/],
    ['an error code of nobody', json('{"errorresponse":{"errorcode":0,"errortext":"no"}}', 500), /HTTP 500/],
    ['something that is not HTTP', notHttp('SSH-2.0-OpenSSH_9.2\r\n'), /not HTTP/],
    ['headers without end', notHttp(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}\r\n`), /./],
    ['an answer longer than 16 MiB', endless, /longer than 16 MiB/],
    ['an answer whose length says 40 MB', json(' '.repeat(40 * 1024 * 1024)), /longer than 16 MiB/],
    ['an answer that trickles', trickle, /no answer within/],
  ];

  test.each(cases)('%s', async (_what, play, text) => {
    await withClient(async ({ server, client }) => {
      server.play(play);
      const calls = await Promise.all([
        failureOf(client.attachVolume({ id: 'v', virtualMachineId: 'm' }, { timeoutMs: 2_000 })),
        failureOf(client.listVolumes({ name: 'n' }, { timeoutMs: 2_000 })),
      ]);
      expect(calls.map(({ kind }) => kind)).toEqual(['outcome-unknown', 'unavailable']);
      for (const error of calls) expect(error.text).toMatch(text);
    });
  });

  test('one that is too long is not fetched again', async () => {
    await withClient(async ({ server, client }) => {
      server.play(endless);
      await failureOf(list(client));
      expect(server.requests).toHaveLength(1);
    });
  });

  test('the memory stays bounded', async () => {
    await withClient(async ({ server, client }) => {
      server.play(endless);
      const before = process.memoryUsage().rss;
      for (let call = 0; call < 8; call++) await failureOf(list(client));
      expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
    });
  });
});

describe('a redirect is not followed', () => {
  test.each<[number, CloudStackErrorKind]>([
    [301, 'unavailable'],
    [302, 'outcome-unknown'],
    [303, 'outcome-unknown'],
    [307, 'unavailable'],
    [308, 'unavailable'],
  ])('%d: %s for a change, said with its target but without the key', async (status, kind) => {
    await withClient(async ({ server, client }) => {
      server.play(redirect(status));
      const error = await failureOf(attach(client));
      expect(error.kind).toBe(kind);
      expect(error.text).toContain('redirects to https://cloud.example.org/client/api;');
      expect(error.text).not.toContain(keys.apiKey);
      expect(await failureOf(list(client))).toMatchObject({ kind: 'unavailable', httpStatus: status });
      expect(server.requests).toHaveLength(2);
    });
  });
});

describe('odd but readable', () => {
  const volume = { id: 'v', name: 'n', size: 1, state: 'Ready' };

  test('a key that comes twice counts as its last', async () => {
    await withClient(async ({ server, client }) => {
      server.play(json('{"attachvolumeresponse":{"jobid":"a","jobid":"b"}}'));
      expect(await attach(client)).toEqual({ jobId: 'b' });
    });
  });

  test('a name that JavaScript has its own ideas of', async () => {
    await withClient(async ({ server, client }) => {
      const row = '{"id":"v","name":"__proto__","size":1,"state":"Ready","__proto__":{"deviceid":7}}';
      server.play(json(`{"__proto__":{},"listvolumesresponse":{"count":1,"volume":[${row}]}}`));
      expect(await list(client)).toEqual([{ id: 'v', name: '__proto__', size: 1, state: 'Ready', tags: [] }]);
    });
  });

  test('a state that nobody knows, and dates in other forms', async () => {
    await withClient(async ({ server, client }) => {
      const rows = ['2026-11-22T17:00:57+0100', '22-Nov-2026 17:00', '', 1795363257000].map((created, index) => ({
        ...volume,
        id: `v${String(index)}`,
        created,
        state: 'Teleporting',
      }));
      server.play(content({ volume: rows }));
      expect((await list(client)).map(({ state, created }) => [state, created])).toEqual([
        ['Teleporting', '2026-11-22T17:00:57+0100'],
        ['Teleporting', '22-Nov-2026 17:00'],
        ['Teleporting', ''],
        ['Teleporting', '2026-11-22T16:00:57.000Z'],
      ]);
    });
  });

  test.each<[string, object]>([
    ['a date beyond all dates', { ...volume, created: 1e300 }],
    ['a size in words', { ...volume, size: '10 GiB' }],
    ['a size beyond numbers', { ...volume, size: '1e999' }],
    ['no id', { ...volume, id: '' }],
    ['an id that is an object', { ...volume, id: { id: 'v' } }],
    ['a VM that is null', { ...volume, virtualmachineid: null }],
    ['a row that is text', Object('v') as object],
  ])('%s is not guessed at', async (_what, row) => {
    await withClient(async ({ server, client }) => {
      server.play(content({ count: 1, volume: [row] }));
      expect(await failureOf(list(client))).toMatchObject({
        kind: 'unavailable',
        text: expect.stringMatching(/not as expected/),
      });
    });
  });

  test('a text without end is shown short, and without what a terminal would obey', async () => {
    await withClient(async ({ server, client }) => {
      server.play(refuse(431, { errortext: `no\u001b[2J\u0000\ud800 ${'x'.repeat(1_000_000)}` }));
      const error = await failureOf(attach(client));
      expect(error.text).toMatch(/^no \[2J +x+…$/);
      expect(error.message.length).toBeLessThan(2_100);
    });
  });

  test('a wait of a thousand years is believed for an hour', async () => {
    await withClient(async ({ server, client }) => {
      server.play(refuse(429, { errortext: `please retry after [${'9'.repeat(400)}] ms.` }));
      expect(await failureOf(attach(client))).toMatchObject({ kind: 'unavailable', retryAfterMs: 3_600_000 });
    });
  });
});
