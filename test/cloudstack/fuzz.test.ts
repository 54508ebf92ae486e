import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CloudStackApi } from '../../cloudstack/api';
import { CloudStackError } from '../../cloudstack/errors';
import { jobFailure } from '../../cloudstack/job-failure';
import { judgeAnswer } from '../../cloudstack/judge-answer';
import { jobSchema } from '../../cloudstack/responses';
import { answerText, scenarios } from './recordings';
import { keys, page } from './scripted-server';
import { withClient } from './with-client';

/** Whatever comes, a call answers or fails with a CloudStackError, soon, and says nothing of the secret. */

const recorded = scenarios.flatMap(({ steps }) => steps);
const statuses = fc.constantFrom(
  200,
  200,
  200,
  204,
  301,
  302,
  400,
  401,
  404,
  429,
  430,
  431,
  500,
  502,
  503,
  530,
  531,
  999,
);
const types = fc.constantFrom('application/json; charset=UTF-8', 'text/javascript', 'text/html', '', keys.secretKey);

/** JSON values, with what CloudStack's envelopes and failures look like among their keys. */
const names = fc.oneof(
  fc.constantFrom('listvolumesresponse', 'attachvolumeresponse', 'errorresponse', 'null', 'errorcode', 'errortext'),
  fc.constantFrom('count', 'volume', 'id', 'jobid', 'jobstatus', 'jobresult', 'nic', 'tags', '__proto__', 'toString'),
  fc.string(),
);
const leaves = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom(null, '', '0', '431', 431, 'entity does not exist', keys.secretKey),
);
const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaves, tie('list'), tie('map')),
  list: fc.array(tie('value'), { maxLength: 4 }),
  map: fc.dictionary(names, tie('value'), { maxKeys: 6 }),
}));

/** A recorded answer with something put in the place of a part of it. */
const mutated = fc
  .tuple(
    fc.constantFrom(...recorded.map(answerText)),
    fc.array(
      fc.tuple(fc.nat(), fc.nat({ max: 40 }), fc.oneof(leaves.map(String), fc.constantFrom('{', ']', '"', ','))),
    ),
  )
  .map(([text, cuts]) =>
    cuts.reduce((so_far, [at, length, put]) => {
      const from = at % (so_far.length + 1);
      return so_far.slice(0, from) + put + so_far.slice(from + length);
    }, text),
  );

/** A recorded answer in which values were replaced by others, so that it stays JSON. */
const replaced = fc.tuple(fc.constantFrom(...recorded), fc.nat(), values).map(([{ body = {} }, nth, value]) => {
  let size = 0;
  JSON.stringify(body, (_key, each: unknown) => {
    size += 1;
    return each;
  });
  let index = 0;
  return asText(
    JSON.parse(JSON.stringify(body), (_key, each: unknown) => (++index === (nth % size) + 1 ? value : each)),
  );
});

/** `undefined` has no JSON: nothing at all comes then. */
function asText(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value);
}

const bodies = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  values.map((value) => Buffer.from(asText(value))),
  mutated.map((text) => Buffer.from(text)),
  replaced.map((text) => Buffer.from(text)),
);

function expectDecent(error: unknown): void {
  if (!(error instanceof CloudStackError)) throw new Error('an untyped failure', { cause: error });
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(keys.secretKey);
  expect(JSON.stringify(error)).not.toContain(keys.secretKey);
  expect(error.message.length).toBeLessThan(3_000);
}

test('an answer is judged, or it is a CloudStackError', () => {
  fc.assert(
    fc.property(
      bodies,
      statuses,
      fc.constantFrom('read', 'change'),
      fc.constantFrom(...recorded),
      (body, status, effect, step) => {
        const command = step.params['command'] ?? '';
        try {
          const answer = {
            status,
            contentType: 'application/json',
            text: body.toString('utf8').replaceAll(keys.secretKey, '[secret]'),
          };
          judgeAnswer({ command, effect, endpoint: 'http://cloud/client/api' }, answer, (words) => words);
        } catch (error) {
          expectDecent(error);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

test('a job is understood or not, and its end is one of few things', () => {
  fc.assert(
    fc.property(fc.record({ jobstatus: leaves, jobresultcode: leaves, jobresult: values }), (content) => {
      const parsed = jobSchema.safeParse(content);
      if (!parsed.success) return;
      const failure = jobFailure(parsed.data, { jobId: 'j', command: 'attachVolume', endpoint: '' });
      const open = parsed.data.jobstatus === 0 || parsed.data.jobstatus === 1;
      expect(failure === undefined).toBe(open);
    }),
    { numRuns: 1_000 },
  );
});

describe('through the whole client', () => {
  const calls: [string, (client: CloudStackApi) => Promise<unknown>][] = [
    ['listVolumes', (client) => client.listVolumes({ ids: ['v', 'w'] }, { timeoutMs: 2_000 })],
    ['listVirtualMachines', (client) => client.listVirtualMachines({ id: 'm' }, { timeoutMs: 2_000 })],
    ['listSnapshots', (client) => client.listSnapshots({}, { timeoutMs: 2_000 })],
    ['listTemplates', (client) => client.listTemplates({ templateFilter: 'all' }, { timeoutMs: 2_000 })],
    ['listCapabilities', (client) => client.listCapabilities({ timeoutMs: 2_000 })],
    ['queryAsyncJobResult', (client) => client.queryJob('j', { timeoutMs: 2_000 })],
    ['attachVolume', (client) => client.attachVolume({ id: 'v', virtualMachineId: 'm' }, { timeoutMs: 2_000 })],
    ['deleteVolume', (client) => client.deleteVolume({ id: 'v' }, { timeoutMs: 2_000 })],
    ['createSnapshot', (client) => client.createSnapshot({ volumeId: 'v', name: 'n' }, { timeoutMs: 2_000 })],
  ];

  test.each(calls)('%s answers or fails with a CloudStackError', async (command, call) => {
    const own = recorded.filter(({ params }) => params['command'] === command).map(answerText);
    const pieces =
      own.length === 0
        ? bodies
        : fc.oneof(
            bodies,
            fc.constantFrom(...own).map((text) => Buffer.from(text)),
          );
    await withClient(async ({ server, client, log }) => {
      await fc.assert(
        fc.asyncProperty(pieces, statuses, types, async (body, status, type) => {
          server.play(page(status === 999 ? 599 : status, type, body));
          await call(client).catch(expectDecent);
        }),
        { numRuns: 60 },
      );
      expect(log.join('\n')).not.toContain(keys.secretKey);
    });
  });
});
