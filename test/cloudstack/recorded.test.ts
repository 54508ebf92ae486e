import { describe, expect, test } from '@jest/globals';
import type { CloudStackApi } from '../../cloudstack/api';
import type { VolumeFilter } from '../../cloudstack/api-parameters';
import { CloudStackError, isCloudStackError } from '../../cloudstack/errors';
import { judgeAnswer } from '../../cloudstack/judge-answer';
import { answerText, scenarios, type RecordedStep } from './recordings';
import { page } from './scripted-server';
import { withClient } from './with-client';

type Recorded = Readonly<Record<string, string>>;

/** How a recorded command is asked through the client, and which of its parameters (`!`: always) the client can send. */
interface Asking {
  readonly parameters: string;
  ask(client: CloudStackApi, recorded: Recorded): Promise<unknown>;
}

const askings: Readonly<Record<string, Asking>> = {
  listCapabilities: { parameters: '', ask: (client) => client.listCapabilities() },
  listUsers: { parameters: '', ask: (client) => client.listUsers() },
  listAccounts: { parameters: '', ask: (client) => client.listAccounts() },
  listZones: { parameters: 'id name', ask: (client, filter) => client.listZones(filter) },
  listDiskOfferings: { parameters: 'id name', ask: (client, filter) => client.listDiskOfferings(filter) },
  listVirtualMachines: { parameters: 'id name', ask: (client, filter) => client.listVirtualMachines(filter) },
  listHypervisorCapabilities: {
    parameters: 'hypervisor!',
    ask: (client, { hypervisor = '' }) => client.listHypervisorCapabilities({ hypervisor }),
  },
  listVolumes: {
    parameters: 'id ids name virtualmachineid zoneid listall',
    ask: (client, { ids, virtualmachineid, zoneid, listall, ...rest }) => {
      const filter: VolumeFilter = {
        ...rest,
        ...(ids !== undefined && { ids: ids.split(',') }),
        ...(virtualmachineid !== undefined && { virtualMachineId: virtualmachineid }),
        ...(zoneid !== undefined && { zoneId: zoneid }),
        ...(listall !== undefined && { listAll: listall === 'true' }),
      };
      return client.listVolumes(filter);
    },
  },
  createVolume: {
    parameters: 'name! zoneid! diskofferingid! size! customid customjobid',
    ask: (client, { name = '', zoneid = '', diskofferingid = '', size, customid, customjobid }) =>
      client.createVolume({
        name,
        zoneId: zoneid,
        diskOfferingId: diskofferingid,
        sizeGib: Number(size),
        ...(customid !== undefined && { customId: customid }),
        ...(customjobid !== undefined && { customJobId: customjobid }),
      }),
  },
  attachVolume: {
    parameters: 'id! virtualmachineid! deviceid customjobid',
    ask: (client, { id = '', virtualmachineid = '', deviceid, customjobid }) =>
      client.attachVolume({
        id,
        virtualMachineId: virtualmachineid,
        ...(deviceid !== undefined && { deviceId: Number(deviceid) }),
        ...(customjobid !== undefined && { customJobId: customjobid }),
      }),
  },
  detachVolume: {
    parameters: 'id! customjobid',
    ask: (client, { id = '', customjobid }) =>
      client.detachVolume({ id, ...(customjobid !== undefined && { customJobId: customjobid }) }),
  },
  deleteVolume: { parameters: 'id!', ask: (client, { id = '' }) => client.deleteVolume({ id }) },
  updateVolume: {
    parameters: 'id! deleteprotection!',
    ask: (client, { id = '', deleteprotection }) =>
      client.updateVolume({ id, deleteProtection: deleteprotection === 'true' }),
  },
  queryAsyncJobResult: { parameters: 'jobid!', ask: (client, { jobid = '' }) => client.queryJob(jobid) },
};

/** What was asked for, without what the client adds to every request. */
function recordedParameters(step: RecordedStep): Recorded {
  const added = ['command', 'response', 'signatureversion', 'expires', 'page', 'pagesize'];
  return Object.fromEntries(Object.entries(step.params).filter(([name]) => !added.includes(name)));
}

/** Whether the client can ask exactly this. */
function asking(step: RecordedStep): Asking | undefined {
  const found = askings[step.params['command'] ?? ''];
  if (found === undefined || step.body === undefined) return undefined;
  const names = Object.keys(recordedParameters(step));
  const known = found.parameters.split(' ').filter((name) => name !== '');
  const allKnown = names.every((name) => known.some((each) => each.replace('!', '') === name));
  const allThere = known.every((name) => !name.endsWith('!') || names.includes(name.slice(0, -1)));
  const wholeSize = step.params['size'] === undefined || /^-?\d+$/.test(step.params['size']);
  return allKnown && allThere && wholeSize ? found : undefined;
}

describe.each(scenarios)('$scenario', ({ steps }) => {
  test('what the client asks is what was asked, and it understands every answer', async () => {
    await withClient(async ({ server, client }) => {
      for (const step of steps) {
        const { note, status, contentType } = step;
        const ask = asking(step)?.ask;
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

test('nearly everything recorded of these commands can be asked', () => {
  const steps = scenarios.flatMap((scenario) => scenario.steps);
  const ours = steps.filter((step) => (step.params['command'] ?? '') in askings);
  expect(ours.filter((step) => asking(step) !== undefined).length).toBeGreaterThan(ours.length * 0.9);
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
      '431 Unable to find UUID for id … of type [VirtualMachine]',
      '431 Unable to find UUID for id … of type [Volume]',
    ],
  });
  expect(refused).toContain('431 Please specify a volume that is not attached to any VM.');
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
