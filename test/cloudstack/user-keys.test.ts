import { expect, test } from '@jest/globals';
import { content, type Play } from './scripted-server';
import { failureOf, withClient } from './with-client';

const userkeys = { apikey: 'new-key', secretkey: 'new-secret-of-a-user' };
const byCommand =
  (plays: Readonly<Record<string, Play>>): Play =>
  (request, response) =>
    plays[request.command]?.(request, response);
const started = content({ jobid: 'j' });

test('up to 4.22 the keys come at once', async () => {
  await withClient(async ({ server, client }) => {
    server.play(content({ userkeys }));
    expect(await client.registerUserKeys({ id: 'u' })).toEqual({ apiKey: 'new-key', secretKey: userkeys.secretkey });
    expect(server.requests).toMatchObject([{ method: 'POST', command: 'registerUserKeys', parameters: { id: 'u' } }]);
  });
});

test('since 4.23 they come with the job', async () => {
  await withClient(async ({ server, client }) => {
    const job = content({ jobid: 'j', jobstatus: 1, jobresult: { userkeys: { id: 'k', name: 'pair', ...userkeys } } });
    server.play(byCommand({ registerUserKeys: started, queryAsyncJobResult: job }));
    expect(await client.registerUserKeys({ id: 'u' })).toEqual({ apiKey: 'new-key', secretKey: userkeys.secretkey });
  });
});

test.each<[string, object, string]>([
  ['refused', { jobstatus: 2, jobresult: { errorcode: 531, errortext: 'no permission' } }, 'refused'],
  ['cut off by a restart', { jobstatus: 2, jobresultcode: 530 }, 'job-lost'],
  ['done, but without keys', { jobstatus: 1, jobresult: { success: true } }, 'outcome-unknown'],
])('a job that is %s fails with its id or its reason', async (_what, end, kind) => {
  await withClient(async ({ server, client }) => {
    server.play(byCommand({ registerUserKeys: started, queryAsyncJobResult: content({ jobid: 'j', ...end }) }));
    expect(await failureOf(client.registerUserKeys({ id: 'u' }))).toMatchObject({ kind, command: 'registerUserKeys' });
  });
});

test('a secret in an answer that is not understood is not shown', async () => {
  await withClient(async ({ server, client, log }) => {
    server.play(content({ userkeys: { secretkey: userkeys.secretkey, apikey: 7 } }));
    const error = await failureOf(client.registerUserKeys({ id: 'u' }));
    expect(error.kind).toBe('outcome-unknown');
    expect(`${String(error.stack)} ${JSON.stringify(error)} ${log.join()}`).not.toContain(userkeys.secretkey);
  });
});
