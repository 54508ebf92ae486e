import { describe, expect, test } from '@jest/globals';
import { CloudStackError, isCloudStackError } from '../../cloudstack/errors';
import { judgeAnswer } from '../../cloudstack/judge-answer';
import { askingOf, isClientsCommand, recordedParameters } from './askings';
import { answerText, scenarios, type RecordedStep } from './recordings';
import { page } from './scripted-server';
import { withClient } from './with-client';

describe.each(scenarios)('$scenario', ({ steps }) => {
  test('what the client asks is what was asked, and it understands every answer', async () => {
    await withClient(async ({ server, client }) => {
      for (const step of steps) {
        const { note, status, contentType } = step;
        const ask = askingOf(step)?.ask;
        if (ask === undefined) continue;
        server.play(page(status, contentType, answerText(step)));
        const before = server.requests.length;
        const came: unknown = await ask(client, recordedParameters(step)).catch((error: unknown) => error);

        const { page: _page, pagesize: _size, ...sent } = server.requests[before]?.parameters ?? {};
        expect({ note, sent }).toEqual({ note, sent: recordedParameters(step) });
        const unknownId = status === 431 && (came === undefined || (Array.isArray(came) && came.length === 0));
        const error = isCloudStackError(came) ? came.httpStatus : undefined;
        expect({ note, error }).toEqual({ note, error: status === 200 || unknownId ? undefined : status });
        if (error === undefined) expect(came).not.toBeInstanceOf(Error);
      }
    });
  });
});

test('everything recorded of these commands can be asked, but for what is wrong on purpose', () => {
  const ours = scenarios.flatMap((scenario) => scenario.steps).filter(isClientsCommand);
  const notAsked = ours.filter((step) => askingOf(step) === undefined);
  expect(notAsked.map(({ note, params }) => note || JSON.stringify(params)).sort()).toEqual([
    'XML by default',
    'attach without a VM',
    'custom offering without size',
    'fixed offering, no size',
    'malformed map parameter',
    'no name',
    'no offering',
    'no zone',
    'size not a number',
    'unknown parameter is ignored',
    'upper-case parameter name',
  ]);
  expect(ours.length).toBeGreaterThan(500);
});

test('what a failover reads of VMs, volumes and snapshots is there', async () => {
  const answers = scenarios.filter(({ scenario }) => scenario === 'failover' || scenario === 'volume-snapshots');
  const lastOf = (command: string) => {
    const steps = answers.flatMap(({ steps }) => steps);
    const found = steps.find(({ params, status, body }) => {
      return params['command'] === command && status === 200 && JSON.stringify(body).includes('count');
    });
    if (found === undefined) throw new Error(`no answer to ${command}`);
    return found;
  };
  await withClient(async ({ server, client }) => {
    const play = (command: string) => {
      server.play(page(200, 'application/json', answerText(lastOf(command))));
    };
    play('listVirtualMachines');
    expect(await client.listVirtualMachines({})).toMatchObject([
      {
        name: 'pgtest1',
        instancename: expect.stringMatching(/^i-/),
        templateid: '${template}',
        serviceofferingid: '${customServiceOffering}',
        details: { cpuNumber: '2', memory: '512' },
        nic: [{ networkid: '${adminNetwork}', macaddress: '02:01:00:cc:00:04' }],
        created: '2026-11-22T16:01:02+0000',
        tags: [],
      },
    ]);
    play('listSnapshots');
    expect(await client.listSnapshots({})).toMatchObject([
      { volumename: expect.any(String), state: expect.any(String), virtualsize: expect.any(Number), tags: [] },
    ]);
  });
});

test('every recorded refusal is of the kind that callers can act upon', () => {
  const kinds = new Map<string, Set<string>>();
  for (const step of scenarios.flatMap((scenario) => scenario.steps)) {
    if (step.status === 200) continue;
    const error = refusal(step);
    const words = error.text.replaceAll(/\$\{\w+\}|\[\d+\]/g, '…').replace(/^.*(Invalid parameter \w+).*$/, '$1 …');
    const texts = kinds.get(error.kind) ?? new Set<string>();
    kinds.set(error.kind, texts.add(`${String(error.errorCode)} ${words}`));
  }
  const refused = [...(kinds.get('refused') ?? [])];
  kinds.delete('refused');
  expect(Object.fromEntries([...kinds].map(([kind, texts]) => [kind, [...texts].sort()]))).toEqual({
    unauthorized: [
      '401 unable to verify user credentials and/or request signature',
      '432 The API [createZone] does not exist or is not available for the account for user id […].',
      '432 The API [listHosts] does not exist or is not available for the account for user id […].',
    ],
    'already-exists': ["431 UUID: … already exists so can't create/update with custom id", '530 Entity already exists'],
    'not-found': [
      '431 Invalid parameter diskofferingid …',
      '431 Invalid parameter id …',
      '431 Invalid parameter jobid …',
      '431 Invalid parameter zoneid …',
    ],
    gone: [
      '431 Unable to find UUID for id … of type [VirtualMachine]',
      '431 Unable to find UUID for id … of type [Volume]',
    ],
    conflict: ['431 Please specify a volume that is not attached to any VM.'],
  });
  expect(refused).toContain('531 Caller does not have permission to operate with provided resource.');
  expect(refused).toContain("431 UUID: not-a-uuid doesn't follow the UUID format");
});

test('an answer in XML is not mistaken for one', () => {
  const step = scenarios.flatMap((scenario) => scenario.steps).find(({ text }) => text?.startsWith('<?xml'));
  if (step === undefined) throw new Error('no such recording');
  expect(refusal(step)).toMatchObject({ kind: 'outcome-unknown', httpStatus: 200 });
});

function refusal(step: RecordedStep): CloudStackError {
  const { params, status, contentType } = step;
  const exchange = { command: params['command'] ?? '', effect: 'change', endpoint: '' } as const;
  const text = answerText(step);
  try {
    judgeAnswer(exchange, { status, contentType, text }, (words) => words);
  } catch (error) {
    if (error instanceof CloudStackError) return error;
  }
  throw new Error(`not refused: ${text}`);
}
