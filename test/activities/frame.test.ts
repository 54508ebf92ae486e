import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { activity } from '../../activities/activity';
import type { ActivityRun } from '../../activities/activity-run';
import { makeEffect } from '../../activities/effect';
import { makeFailpoint, parseFailpoints } from '../../activities/failpoints';
import { toApplicationFailure } from '../../activities/to-temporal';
import { ExportServerError } from '../../appliance/ports';
import { CloudStackError, type CloudStackErrorKind } from '../../cloudstack/errors';
import { DatabaseUnavailableError } from '../../database/errors';
import { ClaimLostError } from '../../database/fence';
import { failure } from '../../domain/failures';
import type { VmRef } from '../../domain/step-io';
import { failing } from '../support/failing';

const vm: VmRef = {
  site: 'qc',
  sourceId: 'vcenter',
  sourceVmId: '420570c7-f61f-a930-77c5-1e876786cb3c',
  vmName: 'pgtest1',
  applianceId: '1c266316-503d-451d-9392-9585a6fcba41',
  firstRunId: 'r',
};

function runWith(signal = new AbortController().signal): ActivityRun {
  return { workflowId: 'w', runId: 'r', activityId: '1', signal, heartbeat: () => undefined };
}

const throwing = (error: unknown, run = runWith()) =>
  activity(
    'attachVolume',
    () => run,
    z.object({}),
    () => vm,
    () => Promise.reject(error as Error),
  )({});

const cloudStack = (kind: CloudStackErrorKind) =>
  new CloudStackError({ kind, command: 'attachVolume', endpoint: 'http://x', text: 'words' });

describe('the frame of an activity', () => {
  test.each([
    ['CloudStack does not answer', cloudStack('unavailable'), 'cloudstack-unavailable'],
    ['the answer was lost', cloudStack('outcome-unknown'), 'cloudstack-outcome-unknown'],
    ['key or clock', cloudStack('unauthorized'), 'unauthorized'],
    ['a refusal that no step expected', cloudStack('refused'), 'internal'],
    [
      'the database is gone',
      new DatabaseUnavailableError('unreachable', 'mysql://db', 'ECONNREFUSED'),
      'database-unavailable',
    ],
    ['the export server is gone', new ExportServerError('/run/x.sock', 'ECONNREFUSED'), 'export-server-down'],
    [
      'overtaken',
      new ClaimLostError({ ...vm, workflowId: 'w', runId: 'r' }, { workflowId: 'w', runId: 's' }, 2),
      'claim-lost',
    ],
    ['a fault of ours', new TypeError('undefined is not a function'), 'internal'],
    ["a step's own failure", failure('volume-gone', { diskKey: 1, volumeId: 'v', vm: 'x' }), 'volume-gone'],
  ])('%s → %s', async (_sentence, error, code) => {
    expect((await failing(throwing(error))).code).toBe(code);
  });

  test('an input of another shape never reaches the step', async () => {
    const reached: string[] = [];
    const strict = activity(
      'x',
      () => runWith(),
      z.object({ a: z.string() }),
      () => vm,
      () => {
        reached.push('step');
        return Promise.resolve();
      },
    );
    expect((await failing(strict({ a: 1 as unknown as string }))).code).toBe('internal');
    expect(reached).toEqual([]);
  });

  test('cancelled: passes through as it is, unless what happened is known', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled');
    controller.abort(reason);
    const run = runWith(controller.signal);
    await expect(throwing(reason, run)).rejects.toBe(reason);
    await expect(throwing(cloudStack('outcome-unknown'), run)).rejects.toBe(reason);
    const known = failure('volume-gone', { diskKey: 1, volumeId: 'v', vm: 'x' });
    await expect(throwing(known, run)).rejects.toBe(known);
  });
});

describe('toApplicationFailure', () => {
  test('what waits is tried again by the server and benign; everything else is for the workflow to count', () => {
    const waits = toApplicationFailure(failure('copy-locked', { volumeId: 'v', lock: 'l' }));
    expect(waits).toMatchObject({ type: 'copy-locked', nonRetryable: false, category: 'BENIGN' });
    const failed = failure('volume-gone', { diskKey: 1, volumeId: 'v', vm: 'x' });
    const counted = toApplicationFailure(failed);
    expect(counted).toMatchObject({ type: 'volume-gone', nonRetryable: true, message: failed.message });
    expect(counted.details).toEqual([failed.record]);
  });
});

describe('effects and failpoints', () => {
  test('a failpoint is asked on both sides; one that throws before keeps the effect from coming', async () => {
    const asked: string[] = [];
    const effect = makeEffect((name, side) => void asked.push(`${name}:${side}`));
    expect(await effect('a.b', () => Promise.resolve(1))).toBe(1);
    expect(asked).toEqual(['a.b:before', 'a.b:after']);
    const cut = makeEffect(() => {
      throw new Error('cut');
    });
    await expect(cut('a.b', () => Promise.reject(new Error('the effect came')))).rejects.toThrow('cut');
  });

  test('rules from the environment: fail so many times on one side, kill on the other', async () => {
    const killed: string[] = [];
    const rules = parseFailpoints('attachVolume.send:after:fail*2, mapDevice.record:before:kill');
    const failpoint = makeFailpoint(rules, () => void killed.push('killed'));
    await failpoint('attachVolume.send', 'before');
    await expect(failpoint('attachVolume.send', 'after')).rejects.toThrow('attachVolume.send:after');
    await expect(failpoint('attachVolume.send', 'after')).rejects.toThrow('failpoint');
    await failpoint('attachVolume.send', 'after');
    void failpoint('mapDevice.record', 'before');
    expect(killed).toEqual(['killed']);
    expect(() => parseFailpoints('attachVolume.send:sideways:fail')).toThrow(RangeError);
  });
});
