import { describe, expect, test } from '@jest/globals';
import { ProgressMeter } from '../../client/disk-progress';
import { hasEnded, showLive } from '../../client/live-view';
import { mergeStatus, type ReplicationStatus, type StatusParts } from '../../client/replication-status';
import { statusLines } from '../../client/status-text';
import type { ReplicationJob } from '../../database/replication-jobs';
import { failureRecord } from '../../domain/failures';
import type { ReplicationState } from '../../domain/replication-state';
import { dataVolume, live, point } from './failover-samples';
import { applianceId, failureOf, vmId } from './support';

const vm = { site: 'qc', sourceId: 'vcenter-qc', sourceVmId: vmId };
const volumeId = '7f0c0d4e-8a53-4c35-9d56-5d2b8f0f3c11';
const GIB = 1_073_741_824;

const workflow: ReplicationState = {
  phase: 'copying',
  ...vm,
  vmName: 'pgtest1',
  applianceId,
  requestId: 'r',
  provisioningAttempt: 1,
  startedAt: '2025-09-28T10:00:00.000Z',
  pauseWish: false,
  leftovers: [],
  disks: [
    {
      key: 2000,
      boot: true,
      sizeBytes: 107 * GIB,
      step: 'copyDisk',
      stepAttempt: 1,
      volumeId,
      undosOwed: [],
      kept: [],
    },
    { key: 2001, boot: false, sizeBytes: 10 * GIB, step: 'replicated', stepAttempt: 1, undosOwed: [], kept: [] },
  ],
};
const job: ReplicationJob = {
  ...vm,
  firstRunId: 'run-1',
  workflowId: `replicate-vm/qc/vcenter-qc/${vmId}`,
  vmName: 'pgtest1',
  applianceId,
  requestId: 'r',
  requestDigest: 'd',
  phase: 'copying',
  startedAt: workflow.startedAt,
  updatedAt: workflow.startedAt,
};
const progressRow = (watermark: number): ReplicationStatus['progress'][number] => ({
  diskKey: 2000,
  volumeId,
  generation: 1,
  firstRunId: 'run-1',
  sourceBytes: 100 * GIB,
  watermark,
  dataBytes: watermark,
  verifiedBytes: 0,
  startedAt: workflow.startedAt,
  updatedAt: workflow.startedAt,
});
const whole: StatusParts = {
  vm,
  workflowId: job.workflowId,
  hasDatabase: true,
  description: { value: { runId: 'run-1', execution: 'RUNNING', pending: [] } },
  workflow: { value: workflow },
  job: { value: job },
  progress: { value: [progressRow(25 * GIB)] },
  replicas: { value: { replicas: [], latestPoint: undefined, live: undefined } },
  unpolledQueues: [],
};

function linesOf(status: ReplicationStatus, now = Date.parse(workflow.startedAt)): string[] {
  return statusLines(status, new ProgressMeter().measure(status, now), now);
}

describe('merging the parts of a status', () => {
  test('all there: nothing is missing', () => {
    const status = mergeStatus(whole);
    expect(status.missing).toEqual([]);
    expect(linesOf(status)).toEqual([
      `pgtest1 qc/vcenter-qc/${vmId}`,
      '  copying',
      '  disk 2000  copyDisk          25 GiB of 100 GiB  25%',
      '  disk 2001  replicated        10 GiB',
    ]);
  });

  test.each<[string, Partial<StatusParts>, string[]]>([
    [
      'Temporal',
      { description: { missing: 'Temporal does not answer: refused' } },
      ['Temporal does not answer: refused'],
    ],
    [
      'the workflow',
      { workflow: { missing: 'the workflow does not answer: deadline' }, unpolledQueues: ['diskferry'] },
      ['no worker polls diskferry', 'the workflow does not answer: deadline'],
    ],
    [
      'the database',
      { job: { missing: 'the database does not answer: refused' }, progress: { missing: 'progress' } },
      ['the database does not answer: refused', 'progress'],
    ],
    [
      'an appliance worker',
      { unpolledQueues: [`diskferry-appliance-${applianceId}`] },
      [`no worker polls diskferry-appliance-${applianceId}`],
    ],
  ])('%s missing is named, the rest is shown', (_what, change, missing) => {
    const status = mergeStatus({ ...whole, ...change });
    expect(status.missing).toEqual(missing);
    expect(linesOf(status).join('\n')).toContain('copying');
  });

  test('without the workflow the phase is the one that the database recorded', () => {
    const status = mergeStatus({ ...whole, workflow: { missing: 'the workflow does not answer: deadline' } });
    expect(linesOf(status).slice(0, 2)).toEqual([`pgtest1 qc/vcenter-qc/${vmId}`, '  copying']);
  });

  test('all answered and nobody knows the VM: vm-unknown', () => {
    const nothing = { description: { value: undefined }, workflow: { value: undefined }, job: { value: undefined } };
    expect(failureOf(() => mergeStatus({ ...whole, ...nothing })).code).toBe('vm-unknown');
  });

  test('attempt, last failure and next try of a server-side retry are shown', () => {
    const pending = [
      {
        activity: 'attachVolume',
        state: 'waiting' as const,
        attempt: 3,
        diskKey: 2001,
        lastFailure: 'CloudStack at x does not answer',
        nextTryAt: '2025-09-28T10:00:10.000Z',
      },
    ];
    const status = mergeStatus({ ...whole, description: { value: { runId: 'run-1', execution: 'RUNNING', pending } } });
    expect(linesOf(status)).toContain(
      '  attachVolume waits, try 3: CloudStack at x does not answer (next try in 10 s)',
    );
  });

  test('what each volume is good for, the latest recovery point, and where the VM is failed over to', () => {
    const replicas = [
      { volumeId, diskKey: 2000, copyBegun: true, generation: 2 },
      { volumeId: dataVolume, diskKey: 2001, copyBegun: true, generation: 1, verifiedAt: '2025-09-28T09:00:00.000Z' },
      { volumeId: applianceId, diskKey: 2002, copyBegun: false, generation: 1 },
    ];
    const since = '2025-09-28T08:00:00.000Z';
    const status = mergeStatus({
      ...whole,
      replicas: { value: { replicas, latestPoint: point, live: { ...live, since } } },
    });
    expect(linesOf(status).slice(-6)).toEqual([
      `  volume ${volumeId} of disk 2000: generation 2, torn: not verified, it may be half old and half new`,
      `  volume ${dataVolume} of disk 2001: generation 1, verified 2025-09-28T09:00:00.000Z`,
      `  volume ${applianceId} of disk 2002: generation 1, empty`,
      `  recovery point ${point.id}: complete, taken 2026-11-26T10:00:04.000Z before a replication, 2 disks, 117 GiB`,
      `  failed over to pgtest1-fo (${live.failoverVmId}) since ${since}, 2 h 0 min ago; not replicated meanwhile`,
      `  go back: diskferry failover back qc/vcenter-qc/${vmId}`,
    ]);
  });

  test('how a run ended, and what to do next', () => {
    const failure = failureRecord('rolled-back', {
      vm: 'qc/vcenter-qc/x',
      cause: 'Disk 2001: …',
      next: 'Ask CloudStack.',
    });
    const status = mergeStatus({
      ...whole,
      description: { value: { runId: 'run-1', execution: 'FAILED', pending: [] } },
      job: { value: { ...job, phase: 'rolled_back', failure } },
    });
    expect(linesOf(status)).toEqual(expect.arrayContaining([`  ended: ${failure.message}`, '  next: Ask CloudStack.']));
    expect(hasEnded(status)).toBe(true);
  });
});

test('the meter makes rate and time left out of two looks', () => {
  const meter = new ProgressMeter();
  meter.measure(mergeStatus(whole), 0);
  const later = mergeStatus({ ...whole, progress: { value: [progressRow(30 * GIB)] } });
  expect(meter.measure(later, 5000)[0]).toMatchObject({
    doneBytes: 30 * GIB,
    totalBytes: 100 * GIB,
    bytesPerSecond: GIB,
    secondsLeft: 70,
  });
});

describe('the live view', () => {
  const looks = [10 * GIB, 12 * GIB, 25 * GIB].map((watermark) =>
    mergeStatus({ ...whole, progress: { value: [progressRow(watermark)] } }),
  );
  const end = mergeStatus({
    ...whole,
    description: { value: { runId: 'run-1', execution: 'COMPLETED', pending: [] } },
    workflow: { value: { ...workflow, phase: 'replicated' } },
  });

  async function shown(isTTY: boolean): Promise<string> {
    const left = [...looks, end];
    let text = '';
    const last = await showLive({
      client: { status: () => Promise.resolve(left.shift() ?? end) },
      vm,
      stream: { isTTY, columns: 80, write: (piece: string) => ((text += piece), true) },
      intervalMs: 1,
    });
    expect(last).toBe(end);
    return text;
  }

  test('writes a line per change where there is no terminal', async () => {
    const lines = (await shown(false)).trimEnd().split('\n');
    expect(lines.map((line) => line.replace(/ +\d+(\.\d)? \wiB\/s.*/, ''))).toEqual([
      'pgtest1: copying',
      'disk 2000: copyDisk          10 GiB of 100 GiB  10%',
      'disk 2001: replicated        10 GiB',
      'disk 2000: copyDisk          25 GiB of 100 GiB  25%',
      'pgtest1: replicated',
    ]);
  });

  test('draws over its own picture on a terminal', async () => {
    const text = await shown(true);
    expect(text.split('\u001b[4A')).toHaveLength(4);
    expect(text).toContain('\u001b[2K  replicated\n');
  });
});
