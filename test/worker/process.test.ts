import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readFileSync } from 'node:fs';
import type { ActivityRun } from '../../activities/activity-run';
import { failure } from '../../domain/failures';
import { makeActivityObserver } from '../../worker/activity-observer';
import { parseConfiguration } from '../../worker/config';
import { currentRun } from '../../worker/current-run';
import { failureInterceptor } from '../../worker/failure-interceptor';
import { type Check, measureAll } from '../../worker/check';
import { healthPages, ReadinessMeter, type WorkerHealth } from '../../worker/health';
import { servePages } from '../../worker/http-pages';
import { createLog, temporalLogger } from '../../worker/logging';
import { servedQueues } from '../../worker/served-queues';
import { SiteAnswers } from '../../worker/site-answers';
import { untilReachable } from '../../worker/until-reachable';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'diskferry-worker-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const example = readFileSync(path.join(__dirname, '../../examples/diskferry.toml'), 'utf8');
const appliance = '1c266316-503d-451d-9392-9585a6fcba41';

describe('task queues', () => {
  const configuration = parseConfiguration(example, 'diskferry.toml');

  test('all that follow from the configuration', () => {
    expect(servedQueues(configuration).map(({ name }) => name)).toEqual([
      'diskferry',
      'diskferry-site-qc',
      `diskferry-appliance-${appliance}`,
      `diskferry-appliance-${appliance}-copy`,
    ]);
  });

  test('or only some of them; another name is refused, naming those that there are', () => {
    expect(servedQueues(configuration, ['diskferry-site-qc']).map(({ kind }) => kind)).toEqual(['site']);
    expect(() => servedQueues(configuration, ['diskferry-site-on'])).toThrow(
      /^No task queue diskferry-site-on follows from .*; there are diskferry, diskferry-site-qc/,
    );
  });
});

describe('the health endpoint', () => {
  test('says why it is not ready, and when it is', async () => {
    const health: WorkerHealth = { ready: false, reason: 'Temporal at x does not answer' };
    const endpoint = await servePages({ host: '127.0.0.1', port: 0 }, healthPages(new ReadinessMeter(health)));
    const get = async (what: string) => {
      const answer = await fetch(`http://127.0.0.1:${String(endpoint.port)}${what}`);
      return { status: answer.status, body: await answer.json() };
    };
    try {
      expect(await get('/health')).toEqual({ status: 200, body: { alive: true, upSeconds: expect.any(Number) } });
      expect(await get('/ready')).toEqual({ status: 503, body: { ...health, checks: [] } });
      health.ready = true;
      delete health.reason;
      expect(await get('/ready')).toEqual({ status: 200, body: { ready: true, checks: [] } });
      expect((await get('/')).status).toBe(404);
    } finally {
      await endpoint.close();
    }
  });
});

describe('readiness', () => {
  const good: Check = { name: 'temporal', kind: 'temporal', next: 'x', measure: () => Promise.resolve('answers') };
  const bad = (kind: Check['kind'], error: Error): Check => ({
    name: `${kind} y`,
    kind,
    next: 'start it',
    measure: () => Promise.reject(error),
  });

  test('what work only waits for does not take a worker out of service, and is named with the next action', async () => {
    const health = { ready: true, checks: [good, bad('exports', new Error('connect ENOENT /x/local.sock'))] };
    expect(await new ReadinessMeter(health).measure()).toMatchObject({
      ready: true,
      degraded: true,
      reason: 'exports y: connect ENOENT /x/local.sock',
      checks: [
        { name: 'temporal', ok: true, evidence: 'answers' },
        { name: 'exports y', ok: false, next: 'start it' },
      ],
    });
  });

  test('what no work can do without does', async () => {
    const away = failure('database-unavailable', { address: 'mysql://u@h/d', cause: 'refused' });
    const readiness = await new ReadinessMeter({ ready: true, checks: [good, bad('database', away)] }).measure();
    expect(readiness).toMatchObject({ ready: false, reason: `database y: ${away.message}` });
    expect(readiness.checks[1]?.next).toBe(away.record.next);
  });

  test('what does not answer is wrong', async () => {
    const silent: Check = { ...good, measure: () => new Promise(() => undefined) };
    expect(await measureAll([silent], 20)).toMatchObject([{ ok: false, evidence: 'no answer within 0.02 s' }]);
  });

  test('measures anew after something was wrong, and once for all who ask together', async () => {
    let times = 0;
    const flaky: Check = {
      ...good,
      measure: () => {
        times += 1;
        return times === 1 ? Promise.reject(new Error('not yet')) : Promise.resolve('answers');
      },
    };
    const meter = new ReadinessMeter({ ready: true, checks: [flaky] });
    const [one, other] = await Promise.all([meter.measure(), meter.measure()]);
    expect(one).toBe(other);
    expect([one.ready, (await meter.measure()).ready, (await meter.measure()).ready, times]).toEqual([
      false,
      true,
      true,
      2,
    ]);
  });

  test('an answer of CloudStack is remembered until something fails', () => {
    let now = 0;
    const answers = new SiteAnswers(() => now);
    expect(answers.secondsSinceAnswer()).toBeUndefined();
    answers.watch({ command: 'listVolumes', outcome: 'answered', seconds: 0.1 });
    now = 5_000;
    expect(answers.secondsSinceAnswer()).toBe(5);
    answers.watch({ command: 'listVolumes', outcome: 'lost', seconds: 0.1, cause: 'refused' });
    expect(answers.secondsSinceAnswer()).toBeUndefined();
  });
});

describe('the log', () => {
  test('is one JSON object per line, without secrets, Temporal and all', async () => {
    const logFile = path.join(folder, 'logs', 'worker.log');
    const log = createLog({ logLevel: 'info', logFile });
    log.info({ password: 'hush', site: { secretKey: 'hush', name: 'qc' } }, 'first');
    log.debug('below the level');
    temporalLogger(log).warn('second', { taskQueue: 'diskferry', error: new TypeError('oh') });
    const text = await readFile(logFile, 'utf8');
    expect(text).not.toContain('hush');
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([
      { level: 'info', msg: 'first', password: '(hidden)', site: { secretKey: '(hidden)', name: 'qc' } },
      { level: 'warn', msg: 'second', taskQueue: 'diskferry', error: { type: 'TypeError', message: 'oh' } },
    ]);
  });
});

describe('waiting for what does not answer', () => {
  test('names it as the reason and tries again', async () => {
    const health: WorkerHealth = { ready: false };
    const log = createLog({ logLevel: 'info', logFile: path.join(folder, 'waiting.log') });
    let tries = 0;
    const answer = await untilReachable(log, health, () => {
      tries += 1;
      if (tries > 1) return Promise.resolve('here');
      return Promise.reject(failure('database-unavailable', { address: 'mysql://u@h/d', cause: 'refused' }));
    });
    expect({ answer, tries, reason: health.reason }).toEqual({
      answer: 'here',
      tries: 2,
      reason: 'The database at mysql://u@h/d does not answer: refused',
    });
  });

  test('does not wait for what will not change by itself', async () => {
    const log = createLog({ logLevel: 'error', logFile: path.join(folder, 'waiting.log') });
    const outdated = failure('schema-outdated', { cause: 'migrations are not applied' });
    await expect(untilReachable(log, { ready: false }, () => Promise.reject(outdated))).rejects.toBe(outdated);
  });
});

describe('activities', () => {
  test('know their run from Temporal', async () => {
    const environment = new MockActivityEnvironment({
      activityId: 'a7',
      workflowExecution: { workflowId: 'replicate-vm/x', runId: 'r1' },
    });
    const run = await environment.run<[], ActivityRun, () => Promise<ActivityRun>>(() => Promise.resolve(currentRun()));
    expect(run).toMatchObject({ workflowId: 'replicate-vm/x', runId: 'r1', activityId: 'a7' });
    expect(run.signal.aborted).toBe(false);
  });

  test("every line that one logs carries whose work it is, on which disk and volume; so do Temporal's own", async () => {
    const logFile = path.join(folder, 'context.log');
    const log = createLog({ logLevel: 'info', logFile });
    const ended: string[] = [];
    const observer = makeActivityObserver(log, {
      began: () => undefined,
      ended: (activity, outcome) => ended.push(`${activity} ${outcome}`),
    });
    const environment = new MockActivityEnvironment({
      activityId: 'a7',
      activityType: 'attachVolume',
      workflowExecution: { workflowId: 'replicate-vm/x', runId: 'r1' },
    });
    const volumeId = '7f0c0d4e-8a53-4c35-9d56-5d2b8f0f3c11';
    const away = failure('cloudstack-unavailable', { site: 'qc', endpoint: 'x', command: 'y', cause: 'z' });
    const execute = observer.execute!;
    const tried = environment.run(() =>
      execute({ args: [{ site: 'qc', diskKey: 2000, volumeId }], headers: {} }, () => {
        log.info('attaching');
        return Promise.reject(away);
      }),
    );
    await expect(tried).rejects.toBe(away);
    temporalLogger(log).warn('Activity failed', { runId: 'r1', activityId: 'a7' });
    log.info('something else');

    const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n');
    const place = { workflowId: 'replicate-vm/x', runId: 'r1', activity: 'attachVolume', diskKey: 2000, volumeId };
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { ...place, msg: 'attaching' },
      { ...place, outcome: 'unavailable', code: 'cloudstack-unavailable', level: 'warn' },
      { ...place, msg: 'Activity failed' },
      { msg: 'something else' },
    ]);
    expect(lines[3]).not.toContain('replicate-vm');
    expect(ended).toEqual(['attachVolume unavailable']);
  });

  test.each([
    ['failed', failure('detach-failed', { diskKey: 1, volumeId: 'v', vmId: 'a', cause: 'no', vm: 'x' }), true],
    ['unavailable', failure('database-unavailable', { address: 'x', cause: 'no' }), false],
  ])('a failure of class %s goes to Temporal with its record', async (_class, thrown, nonRetryable) => {
    const executed = failureInterceptor.execute?.({ args: [], headers: {} }, () => Promise.reject(thrown));
    await expect(executed).rejects.toMatchObject({ type: thrown.code, nonRetryable, details: [thrown.record] });
  });

  test('another error passes as it is', async () => {
    const error = new TypeError('a fault of ours');
    const executed = failureInterceptor.execute?.({ args: [], headers: {} }, () => Promise.reject(error));
    await expect(executed).rejects.toBe(error);
  });
});
