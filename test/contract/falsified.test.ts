import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { startOwnStage } from '../../contract/own-simulator';
import { readScenarios } from '../../contract/recording';
import { replayScenario } from '../../contract/replay';
import type { Difference } from '../../contract/compare';
import { falsifyingProxy } from './support/falsifying-proxy';
import type { Answer, Falsify, FalsifyingProxy } from './support/falsifying-proxy';

const folder = join(__dirname, '..', 'cloudstack', 'fixtures', 'cloudstack-4.22.1.0');

type Row = Record<string, unknown>;
type Lie = readonly [
  what: string,
  kind: Difference['kind'],
  path: string,
  falsify: Falsify,
  scenario?:
    'volume-lifecycle' | 'attach-queue-one-vm' | 'authentication' | 'restart-during-attach' | 'device-ids-and-limit',
];

const content = (answer: Answer): Row => Object.values(answer.body)[0] ?? {};
const refusal = (change: (content: Row, answer: Answer) => void): Falsify => {
  return (answer, command) => {
    if (command === 'deleteVolume' && answer.status === 431) change(content(answer), answer);
  };
};
/** The volumes of listings that show an attached one. */
const attached = (change: (volume: Row, list: Row[], content: Row) => void): Falsify => {
  return (answer, command) => {
    const list = content(answer)['volume'];
    if (command !== 'listVolumes' || !Array.isArray(list)) return;
    const volumes = list as Row[];
    const [first] = volumes;
    if (first?.['virtualmachineid'] !== undefined) change(first, volumes, content(answer));
  };
};
const job = (cmd: string, status: number, change: (job: Row) => void): Falsify => {
  return (answer, command) => {
    const told = content(answer);
    const fits = String(told['cmd']).includes(cmd) && told['jobstatus'] === status;
    if (command === 'queryAsyncJobResult' && fits) change(told);
  };
};
const resultOf = (told: Row): Row => told['jobresult'] as Row;

const lies: readonly Lie[] = [
  ['HTTP status', 'status', 'status', refusal((_, answer) => (answer.status = 530))],
  [
    'content type',
    'content type',
    'content-type',
    refusal((_, answer) => answer.headers.set('content-type', 'text/javascript; charset=UTF-8')),
  ],
  [
    'X-Description missing',
    'x-description',
    'x-description',
    refusal((_, answer) => answer.headers.delete('x-description')),
  ],
  [
    'X-Description where there is none',
    'x-description',
    'x-description',
    (answer, command) => {
      if (command === 'listVolumes' && answer.status === 200) answer.headers.set('x-description', 'fine');
    },
  ],
  [
    'X-Description of another text',
    'x-description',
    'x-description',
    refusal((_, answer) => answer.headers.set('x-description', 'no')),
  ],
  ['key of the body', 'body key', 'body', refusal((told, answer) => (answer.body = { errorresponse: told }))],
  ['error code', 'value', 'errorcode', refusal((told) => (told['errorcode'] = 530))],
  ['cserrorcode', 'value', 'cserrorcode', refusal((told) => (told['cserrorcode'] = 9998))],
  ['cserrorcode missing', 'missing field', 'cserrorcode', refusal((told) => delete told['cserrorcode'])],
  ['message', 'value', 'errortext', refusal((told) => (told['errortext'] = `${String(told['errortext'])} Sorry.`))],
  ['field missing', 'missing field', 'volume[0].vmname', attached((volume) => delete volume['vmname'])],
  ['field added', 'added field', 'volume[0].projectid', attached((volume) => (volume['projectid'] = 'p'))],
  ['state', 'value', 'volume[0].state', attached((volume) => (volume['state'] = 'Attaching'))],
  ['device id', 'value', 'volume[0].deviceid', attached((volume) => (volume['deviceid'] = 2))],
  ['device id as text', 'value', 'volume[0].deviceid', attached((volume) => (volume['deviceid'] = '1'))],
  ['VM', 'value', 'volume[0].virtualmachineid', attached((volume) => (volume['virtualmachineid'] = volume['id']))],
  ['size', 'value', 'volume[0].size', attached((volume) => (volume['size'] = 10))],
  ['form of a date', 'value', 'volume[0].created', attached((volume) => (volume['created'] = '2026-11-22'))],
  ['count', 'value', 'count', attached((_, __, told) => (told['count'] = 2))],
  ['number of rows', 'count of rows', 'volume', attached((volume, list) => list.push(volume))],
  ['order of rows', 'value', 'volume[0].name', attached((_, list) => list.reverse()), 'device-ids-and-limit'],
  ['job status', 'value', 'jobstatus', job('AttachVolume', 1, (told) => (told['jobstatus'] = 2))],
  ['job result code', 'value', 'jobresultcode', job('AttachVolume', 2, (told) => (told['jobresultcode'] = 530))],
  ['job result type', 'value', 'jobresulttype', job('AttachVolume', 1, (told) => (told['jobresulttype'] = 'text'))],
  [
    'error code in a job',
    'value',
    'jobresult.errorcode',
    job('Attach', 2, (told) => (resultOf(told)['errorcode'] = 530)),
  ],
  [
    'cserrorcode in a job',
    'added field',
    'jobresult.cserrorcode',
    job('Attach', 2, (told) => (resultOf(told)['cserrorcode'] = 4350)),
  ],
  [
    'message in a job',
    'value',
    'jobresult.errortext',
    job('Attach', 2, (told) => (resultOf(told)['errortext'] = 'No.')),
  ],
  [
    'a result where a restart leaves none',
    'added field',
    'jobresult',
    job('Attach', 2, (told) => (told['jobresult'] = {})),
    'restart-during-attach',
  ],
  [
    'one id for two things',
    'value',
    'jobid',
    (answer, command) => {
      if (command === 'createVolume') content(answer)['jobid'] = content(answer)['id'];
    },
  ],
  [
    'something found where nothing is',
    'added field',
    'count',
    (answer, command) => {
      if (command === 'listVolumes' && Object.keys(content(answer)).length === 0) content(answer)['count'] = 0;
    },
  ],
  [
    'a pending job that a listing does not show',
    'missing field',
    'volume[0].jobid',
    (answer, command) => {
      const list = content(answer)['volume'];
      if (command === 'listVolumes' && Array.isArray(list)) for (const row of list as Row[]) delete row['jobid'];
    },
    'attach-queue-one-vm',
  ],
];

describe('a deliberately wrong answer makes the suite fail', () => {
  test.concurrent.each(lies)('%s', async (_, kind, path, falsify, name = 'volume-lifecycle') => {
    let proxy: FalsifyingProxy | undefined;
    const stage = await startOwnStage(async (endpoint) => {
      proxy = await falsifyingProxy(endpoint, falsify);
      return proxy.url;
    });
    try {
      const [scenario] = readScenarios(folder, [name]);
      const { steps } = await replayScenario(stage, scenario!);
      const differences = steps.flatMap((step) => step.differences);
      expect(differences.map((difference) => `${difference.kind}: ${difference.path}`)).toContain(`${kind}: ${path}`);
    } finally {
      await proxy?.close();
      await stage.close();
    }
  });

  test('the same proxy that tells no lie lets it pass', async () => {
    let proxy: FalsifyingProxy | undefined;
    const stage = await startOwnStage(async (endpoint) => {
      proxy = await falsifyingProxy(endpoint, () => undefined);
      return proxy.url;
    });
    try {
      for (const scenario of readScenarios(folder, ['volume-lifecycle', 'authentication'])) {
        const { steps } = await replayScenario(stage, scenario);
        expect(steps.flatMap((step) => step.differences)).toEqual([]);
      }
    } finally {
      await proxy?.close();
      await stage.close();
    }
  });
});
