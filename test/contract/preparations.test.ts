import { describe, expect, test } from '@jest/globals';
import { preparationsOf, settingOf } from '../../contract/preparations';
import { inOrderOfWinning } from '../../contract/race';
import type { Fields, Scenario, Step } from '../../contract/recording';

function step(note: string, command: string, body: Fields = {}, more: Partial<Step> = {}): Step {
  const params = { command, ...more.params };
  return {
    ...{ note, as: 'admin', method: 'GET', status: 200, contentType: '', body: { r: body } },
    ...more,
    params,
  };
}
const job = (note: string, jobid: string, content: Fields): Step =>
  step(note, 'queryAsyncJobResult', content, { params: { jobid } });
const scenario = (steps: Step[], about = ''): Scenario => ({ scenario: 's', about, server: '', steps });
const derived = (steps: Step[], about?: string) => [...preparationsOf(scenario(steps, about))];

describe('what is done to a server before a step follows from the recording', () => {
  test.each<[string, number | undefined]>([
    ['attach (hypervisor made slow by 3 s)', 3],
    ['attach (hypervisor slow by 60 s)', 60],
    ['attach (hypervisor slowed by 1500 ms)', 1.5],
    ['detach, sent (hypervisor 1.5 s each)', 1.5],
    ['attach 2, deviceid in use', undefined],
    ['list with an expiry of 20 minutes', undefined],
  ])('%s', (note, seconds) => {
    const expected =
      seconds === undefined ? [] : [[0, [{ kind: 'slow', command: 'attachVolume', seconds, every: false }]]];
    expect(derived([step(note, 'attachVolume', { jobid: '${uuid1}' })])).toEqual(expected);
  });

  test('a slowness told beside a look is for the next command that starts a job', () => {
    const steps = [step('hypervisor slow by 2 s', 'listVolumes'), step('it', 'detachVolume', { jobid: '${uuid1}' })];
    expect(derived(steps)).toEqual([[1, [{ kind: 'slow', command: 'detachVolume', seconds: 2, every: false }]]]);
  });

  test('a failed job without a result is one that a restart ended', () => {
    const steps = [
      step('attach', 'attachVolume', { jobid: '${uuid1}' }),
      job('before', '${uuid1}', { jobstatus: 0 }),
      job('the job', '${uuid1}', { jobstatus: 2, jobresultcode: 530 }),
    ];
    expect(derived(steps)).toEqual([[2, [{ kind: 'restart' }]]]);
  });

  test('a note may say that it is after the restart earlier than the job does', () => {
    const steps = [
      step('attach', 'attachVolume', { jobid: '${uuid1}' }),
      step('the volume after the restart', 'listVolumes'),
      job('the job after the restart', '${uuid1}', { jobstatus: 2, jobresultcode: 530 }),
    ];
    expect(derived(steps)).toEqual([[1, [{ kind: 'restart' }]]]);
  });

  test.each<[string, string, string, unknown]>([
    ['attachVolume', 'class com.cloud.agent.api.Answer cannot be cast to class X', 'hypervisor', {}],
    ['attachVolume', 'Failed to create volume [{"name":"a"}] due to [Simulated failure].', 'storage', {}],
    ['attachVolume', 'Failed to attach volume a to VM b; not today', 'hypervisor', { details: 'not today' }],
    [
      'detachVolume',
      'Failed to detach volume a from VM b; Could not detach',
      'hypervisor',
      { details: 'Could not detach' },
    ],
  ])('%s: %s', (command, errortext, where, fails) => {
    const steps = [
      step('sent', command, { jobid: '${uuid1}' }),
      job('job', '${uuid1}', { jobstatus: 2, jobresultcode: 530, jobresult: { errorcode: 530, errortext } }),
    ];
    expect(derived(steps)).toEqual([[0, [{ kind: 'fail', command, where, fails }]]]);
  });

  test('a refusal that is the server’s own needs nothing', () => {
    const errortext = 'Please specify a volume that is not attached to any VM.';
    expect(derived([step('delete', 'deleteVolume', { errorcode: 431, errortext }, { status: 431 })])).toEqual([]);
  });

  test('enforcement, the request limit and what is done while jobs run are seen', () => {
    const post = { errortext: 'State changing command X needs to be sent using POST request' };
    expect(settingOf(scenario([step('', 'createVolume', post, { status: 400 })])).enforced).toBe(true);
    expect(settingOf(scenario([step('', 'listZones', {}, { status: 429 })])).throttled).toBe(true);
    const sent = step('', 'attachVolume', { jobid: '${uuid1}' });
    const look = step('', 'listVolumes');
    const end = job('', '${uuid1}', { jobstatus: 1 });
    expect(settingOf(scenario([sent, look, end])).unhurried).toBe(true);
    expect(settingOf(scenario([sent, end, look])).unhurried).toBe(false);
  });

  test('a job that took long without a note was slowed; where a note tells of another, it was that one', () => {
    const sent = step('sent', 'detachVolume', { jobid: '${uuid1}' });
    const end = { ...job('its job', '${uuid1}', { jobstatus: 1 }), polledForMillis: 9_000 };
    expect(derived([sent, end])).toEqual([[0, [{ kind: 'slow', command: 'detachVolume', seconds: 9, every: false }]]]);
    const told = step('other (hypervisor slow by 9 s)', 'attachVolume', { jobid: '${uuid2}' });
    expect(derived([told, sent, end])).toEqual([
      [0, [{ kind: 'slow', command: 'attachVolume', seconds: 9, every: false }]],
    ]);
  });

  test('a job that was known and is unknown has expired; one never asked about was never there', () => {
    const known = job('job', '${uuid1}', { jobstatus: 1 });
    const unknown = {
      ...job('later', '${uuid1}', { errorcode: 431, errortext: 'entity does not exist' }),
      status: 431,
    };
    expect(derived([known, unknown, known])).toEqual([
      [1, [{ kind: 'job expiry', off: false }]],
      [2, [{ kind: 'job expiry', off: true }]],
    ]);
    expect(derived([unknown])).toEqual([]);
  });

  test('of two attaches of one volume sent at once the recorded winner goes first', () => {
    const attach = (vm: string, jobid: string): Step =>
      step(`to ${vm}`, 'attachVolume', { jobid }, { params: { id: '${uuid1}', virtualmachineid: vm } });
    const [toA, toB] = [attach('A', '${uuid2}'), attach('B', '${uuid3}')];
    const ends = (a: number, b: number) => [
      job('A', '${uuid2}', { jobstatus: a }),
      job('B', '${uuid3}', { jobstatus: b }),
    ];
    expect(inOrderOfWinning([toA, toB, ...ends(2, 1)])).toEqual([toB, toA, ...ends(2, 1)]);
    expect(inOrderOfWinning([toA, toB, ...ends(1, 2)])).toEqual([toA, toB, ...ends(1, 2)]);
    expect(inOrderOfWinning([toA, ...ends(2, 1), toB])).toEqual([toA, ...ends(2, 1), toB]);
  });
});
