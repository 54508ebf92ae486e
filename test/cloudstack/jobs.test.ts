import { describe, expect, test } from '@jest/globals';
import { jobFailure } from '../../cloudstack/job-failure';
import { jobSchema } from '../../cloudstack/responses';
import { content, page, refuse, type Play } from './scripted-server';
import { failureOf, withClient } from './with-client';

const job = (fields: object): Play => content({ jobid: 'j', jobprocstatus: 0, jobresultcode: 0, ...fields });
const pending = job({ jobstatus: 0 });
const succeeded = job({ jobstatus: 1, jobresulttype: 'object', jobresult: { volume: { id: 'v', jobstatus: 0 } } });
const unknown = refuse(431, {
  errortext: 'Invalid parameter jobid value=j due to incorrect long value format, or entity does not exist or due to',
});

describe('queryJob', () => {
  test('an unknown job is undefined', async () => {
    await withClient(async ({ server, client }) => {
      server.play(unknown);
      expect(await client.queryJob('j')).toBeUndefined();
    });
  });

  test("somebody else's job is refused", async () => {
    await withClient(async ({ server, client }) => {
      server.play(refuse(531, { errortext: 'Account X is not authorized to see job id=86' }));
      expect(await failureOf(client.queryJob('j'))).toMatchObject({ kind: 'refused', errorCode: 531 });
    });
  });

  test('a failed job is an answer, with its text', async () => {
    await withClient(async ({ server, client }) => {
      const jobresult = { errorcode: 530, errortext: 'Failed to attach volume' };
      server.play(job({ jobstatus: 2, jobresultcode: 530, jobresult, jobinstanceid: 'v' }));
      expect(await client.queryJob('j')).toMatchObject({ jobstatus: 2, jobinstanceid: 'v', jobresult });
    });
  });

  test('a job that a restart of the server cut off has no result', async () => {
    await withClient(async ({ server, client }) => {
      server.play(job({ jobstatus: '2', jobresultcode: '530' }));
      expect(await client.queryJob('j')).toEqual({ jobid: 'j', jobstatus: 2, jobresultcode: 530 });
    });
  });

  test('a result of plain text is kept as its text', async () => {
    await withClient(async ({ server, client }) => {
      server.play(job({ jobstatus: 2, jobresulttype: 'text', jobresult: 'job cancelled' }));
      expect(await client.queryJob('j')).toMatchObject({ jobstatus: 2, jobresult: { errortext: 'job cancelled' } });
    });
  });
});

describe('waitForJob', () => {
  test('looks until the job is final, with growing pauses', async () => {
    await withClient(async ({ server, client, pauses }) => {
      server.play(...Array.from({ length: 20 }, () => pending), succeeded);
      let looks = 0;
      const final = await client.waitForJob('j', { onPoll: () => looks++ });
      expect(final?.jobstatus).toBe(1);
      expect(looks).toBe(21);
      expect(pauses[0]).toBe(100);
      expect(pauses[1]).toBeCloseTo(130);
      expect(pauses.at(-1)).toBe(2000);
      expect([...pauses].sort((left, right) => left - right)).toEqual(pauses);
    });
  });

  test('a cancelled job is final, too', async () => {
    await withClient(async ({ server, client }) => {
      server.play(pending, job({ jobstatus: 3 }));
      expect(await client.waitForJob('j')).toMatchObject({ jobstatus: 3 });
    });
  });

  test('a job that is forgotten meanwhile is undefined', async () => {
    await withClient(async ({ server, client }) => {
      server.play(pending, unknown);
      expect(await client.waitForJob('j')).toBeUndefined();
    });
  });

  test('a look that gets no answer ends the wait as it is', async () => {
    await withClient(async ({ server, client }) => {
      server.play(pending, page(503, 'text/html', '<html>'));
      expect(await failureOf(client.waitForJob('j'))).toMatchObject({ kind: 'unavailable' });
    });
  });

  test('stops within a pause when aborted, with the reason', async () => {
    await withClient(
      async ({ server, client }) => {
        server.play(pending);
        const stop = new AbortController();
        const reason = new Error('stopped by the operator');
        const wait = client.waitForJob('j', {
          signal: stop.signal,
          onPoll: () => {
            stop.abort(reason);
          },
        });
        await expect(wait).rejects.toBe(reason);
        expect(server.requests).toHaveLength(1);
      },
      { realPauses: true },
    );
  });
});

describe('the end of a job as a failure', () => {
  const place = { jobId: 'j', command: 'attachVolume', endpoint: 'http://cloud/client/api' };
  const failed = (errortext: string, errorcode = 530) => ({ jobstatus: 2, jobresult: { errorcode, errortext } });
  const cases: [string, unknown, string | undefined][] = [
    ['pending', { jobstatus: 0 }, undefined],
    ['succeeded', { jobstatus: 1 }, undefined],
    ['forgotten, 24 h after its end', undefined, 'job-lost'],
    ['ended by a restart: no result', { jobstatus: 2, jobresultcode: 530 }, 'job-lost'],
    ['a result without a text', { jobstatus: 2, jobresult: { errorcode: 530 } }, 'job-lost'],
    ['cancelled', { jobstatus: 3 }, 'job-lost'],
    ['a status that is not known', { jobstatus: 7 }, 'job-lost'],
    [
      'cancelled while it still works',
      failed('Unable to serialize: Job is cancelled as it has been blocking others for too long'),
      'job-lost',
    ],
    ['text of a restart', failed('job cancelled because of management server restart or shutdown'), 'job-lost'],
    [
      'the guest did not let go in time',
      failed('Could not detach volume after sending the command and waiting for [10000] milliseconds.'),
      'outcome-unknown',
    ],
    ['the agent timed out', failed('Commands 7 to Host 1 timed out after 1800'), 'outcome-unknown'],
    ['attached already', failed('Please specify a volume that is not attached to any VM.', 431), 'conflict'],
    ['a snapshot that was deleted', failed('Snapshot [Snapshot {"id":1}] is already destroyed'), 'gone'],
    ['limit', failed('The specified VM already has the maximum number of data disks (6) attached.', 431), 'refused'],
  ];

  test.each(cases)('%s', (_what, answer, kind) => {
    const job = answer === undefined ? undefined : jobSchema.parse(answer);
    const failure = jobFailure(job, place);
    expect(failure?.kind).toBe(kind);
    if (failure !== undefined) expect(failure).toMatchObject({ ...place, text: expect.stringMatching(/\S/) });
  });

  test('keeps the code and the words', () => {
    const job = jobSchema.parse(failed('Please specify a VM that is either running or stopped.', 431));
    expect(jobFailure(job, place)).toMatchObject({
      errorCode: 431,
      text: 'Please specify a VM that is either running or stopped.',
      jobId: 'j',
    });
  });
});
