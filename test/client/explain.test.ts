import { describe, expect, test } from '@jest/globals';
import { defaultDataConverter } from '@temporalio/common';
import { loadDataConverter } from '@temporalio/common/lib/internal-non-workflow';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { temporal } from '@temporalio/proto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { explain, type ExplanationParts } from '../../client/explain/explanation';
import { explanationLines } from '../../client/explain/explanation-text';
import { historyFacts, type HistoryFact } from '../../client/explain/history-facts';
import type { Operation } from '../../client/explain/operation-sentences';
import { failureRecord } from '../../domain/failures';
import { vmId } from './support';

/** Explanations of runs that really happened: the golden histories that the workflows are replayed against. */

const vm = { site: 'qc', sourceId: 'vc', sourceVmId: vmId };
const replication = `replicate-vm/qc/vc/${vmId}`;

async function factsOf(name: string): Promise<HistoryFact[]> {
  const file = path.join(__dirname, '../replay/histories', `${name}.json`);
  const { History } = temporal.api.history.v1;
  // Through its wire form, so that it is what a server answers.
  const read = historyFromJSON(JSON.parse(readFileSync(file, 'utf8')));
  const { events } = History.decode(History.encode(read).finish());
  return await historyFacts(events, loadDataConverter(defaultDataConverter));
}

function partsOf(changes: Partial<ExplanationParts>): ExplanationParts {
  return {
    vm,
    workflowId: replication,
    runId: 'run-1',
    facts: { value: [] },
    operations: { value: [] },
    pending: [],
    unpolledQueues: [],
    missing: [],
    ...changes,
  };
}

const attach: Operation = {
  id: 'eb5032e1-8461-49ea-8756-3e4fa4000399',
  vm: `qc/vc/${vmId}`,
  kind: 'attach',
  state: 'failed',
  doubtful: false,
  diskKey: 2001,
  thing: 'volume c016bb86-a633-4561-a306-c1a5e3dadd17',
  jobId: '0b9f1f5e-53f4-4d9b-a3ea-8ef0f07d4b54',
  failure: 'Failed to attach volume to VM appliance-qc; no more PCI slots',
  firstRunId: 'run-1',
  workflowId: replication,
  createdAt: '2026-11-22T19:36:20.000Z',
  updatedAt: '2026-11-22T19:36:21.000Z',
};
const rolledBack = failureRecord('rolled-back', {
  vm: `qc/vc/${vmId}`,
  cause: 'Disk 2001: volume c016bb86-a633-4561-a306-c1a5e3dadd17 could not be attached: no more PCI slots',
  next: `Read CloudStack's words; then: diskferry retry qc/vc/${vmId}`,
});

describe('what a history tells', () => {
  test.each<[string, string]>([
    ['rolled-back-after-two-rounds', replication],
    ['held-then-retried', replication],
    ['cloudstack-down-two-minutes', replication],
    ['paused-then-cancelled', replication],
    ['released', `release-vm/qc/vc/${vmId}`],
    ['failover-of-a-torn-vm-refused', `fail-over-vm/qc/vc/${vmId}`],
    ['test-ended-with-its-lease', `fail-over-vm/qc/vc/${vmId}`],
  ])('%s', async (name, workflowId) => {
    const explanation = explain(partsOf({ workflowId, facts: { value: await factsOf(name) } }));
    expect(explanationLines(explanation, 110).join('\n')).toMatchSnapshot();
  });

  test('the failing call has the operation row and the CloudStack job that it made', async () => {
    const facts = { value: await factsOf('rolled-back-after-two-rounds') };
    expect(explain(partsOf({ facts, operations: { value: [attach] } })).failing).toMatchObject({
      call: 'attachVolume',
      diskKey: 2001,
      code: 'attach-failed',
      ownWords: 'Failed to attach volume diskferry-pgtest1-2001-17b5ee6a to VM appliance-qc; no more PCI slots',
      operationId: attach.id,
      jobId: attach.jobId,
    });
  });

  test('a step that succeeded later is no failing call', async () => {
    const facts = { value: await factsOf('held-then-retried') };
    expect(explain(partsOf({ facts })).failing).toBeUndefined();
  });
});

describe('with what is left', () => {
  test('without Temporal: the operation rows and the row of the run', () => {
    const explanation = explain(
      partsOf({
        facts: { missing: 'Temporal at localhost:7233 does not answer: refused' },
        operations: { value: [attach, { ...attach, kind: 'detach', state: 'recorded', doubtful: true }] },
        row: { vmName: 'pgtest1', phase: 'rolled_back', failure: rolledBack },
      }),
    );
    expect(explanationLines(explanation, 110).join('\n')).toMatchSnapshot();
  });

  test('without workers: what waits, and the worker to start', () => {
    const explanation = explain(
      partsOf({
        execution: 'RUNNING',
        facts: { value: [{ at: '2026-11-22T19:36:18.000Z', what: 'phase', phase: 'provisioning' }] },
        unpolledQueues: ['diskferry-site-qc'],
        pending: [{ activity: 'attachVolume', state: 'waiting', attempt: 3, diskKey: 2001, lastFailure: 'no answer' }],
      }),
    );
    expect(explanation).toMatchObject({
      failing: { call: 'attachVolume', diskKey: 2001, message: 'no answer' },
      waitsFor: ['attachVolume, try 3: no answer', 'a worker: nobody polls diskferry-site-qc'],
      next: ['Start the worker: diskferry worker --queues diskferry-site-qc'],
    });
  });

  test('a run that was terminated took nothing back: it is sent again, or released', () => {
    const explanation = explain(partsOf({ execution: 'TERMINATED', facts: { missing: 'no history' } }));
    expect(explanation.next.join()).toContain(`diskferry release qc/vc/${vmId}`);
    expect(explanation.missing).toEqual(['no history']);
  });
});
