import { beforeAll, describe, expect, test } from '@jest/globals';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readWorkflowBundle } from '../support/workflow-bundle';

/**
 * Workflow code is versioned property: histories of runs that really happened are replayed against today's code. A change that
 * breaks one would block every such run in flight, and needs a patch marker. No server is needed.
 */
const folder = join(__dirname, 'histories');
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
const read = (name: string): History => JSON.parse(readFileSync(join(folder, name), 'utf8')) as History;

interface History {
  readonly events: {
    eventId: string;
    activityTaskScheduledEventAttributes?: { activityType: { name: string } };
  }[];
}

let workflowBundle: Awaited<ReturnType<typeof readWorkflowBundle>>;
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  workflowBundle = await readWorkflowBundle();
});

describe('golden histories', () => {
  test('there are some', () => {
    expect(names.length).toBeGreaterThanOrEqual(4);
  });

  test.each(names)('%s replays', async (name) => {
    await Worker.runReplayHistory({ workflowBundle }, read(name));
  });

  test.each(names)('%s fails when one activity in it is another: the replay can fail', async (name) => {
    const history = read(name);
    const event = history.events.find((each) => each.activityTaskScheduledEventAttributes !== undefined);
    expect(event?.activityTaskScheduledEventAttributes).toBeDefined();
    if (event?.activityTaskScheduledEventAttributes)
      event.activityTaskScheduledEventAttributes.activityType.name = 'other';
    await expect(Worker.runReplayHistory({ workflowBundle }, history)).rejects.toThrow(/[Nn]ondeterminism|TMPRL1100/);
  });
});
