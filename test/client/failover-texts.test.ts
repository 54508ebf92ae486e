import { describe, expect, test } from '@jest/globals';
import { askFirst, requireSomebodyToAsk } from '../../client/ask';
import { commandContext, type CommandContext } from '../../client/command-context';
import { pointsTable } from '../../client/commands/points';
import { EndedWith } from '../../client/ended-with';
import { showFailoverLive } from '../../client/failover-live-view';
import { withNextFor } from '../../client/failover-next';
import { mergeFailoverStatus, type FailoverStatus, type FailoverStatusParts } from '../../client/failover-status';
import { failoverStatusLines } from '../../client/failover-status-text';
import { groupLines } from '../../client/group-view';
import { historyLines } from '../../client/mapping-text';
import { failoverPhaseSchema } from '../../domain/failover-phases';
import type { FailoverState } from '../../domain/failover-state';
import { failureTable } from '../../domain/failure-table';
import { failureRecord, type FailureCode } from '../../domain/failures';
import { failoverVmId, live, now, osVolume, point, pointId, state, vm } from './failover-samples';
import { applianceId, diskferry, failureOf, vmId } from './support';

const parts: FailoverStatusParts = {
  vm,
  workflowId: `fail-over-vm/qc/vcenter-qc/${vmId}`,
  description: { value: { runId: 'run-1', execution: 'RUNNING', pending: [] } },
  workflow: { value: state },
  recorded: { value: { run: undefined, live: undefined, points: [] } },
  unpolledQueues: [],
};
const statusOf = (change: Partial<FailoverState>): FailoverStatus =>
  mergeFailoverStatus({ ...parts, workflow: { value: { ...state, ...change } } });

describe('status', () => {
  test('a live failover at work', () => {
    expect(failoverStatusLines(statusOf({}), now)).toMatchInlineSnapshot(`
      [
        "pgtest1 qc/vcenter-qc/420570c7-f61f-a930-77c5-1e876786cb3c",
        "  live failover: attaching (attaches the disks to the failover VM)",
        "  VM pgtest1-fo (5b6a1c1e-98d6-4be4-9f4e-2f4d1f0f3a10)",
        "  point of no return: ahead",
        "  VM        clearRoot",
        "  disk 2000 (boot)  mapToVm  107 GiB",
        "    remote-vm-5b6a1c1e-98d6-4be4-9f4e-2f4d1f0f3a10-7f0c0d4e-8a53-4c35-9d56-5d2b8f0f3c11 as root",
        "  disk 2001  attachToVm (try 2)  10 GiB",
      ]
    `);
  });

  test.each(failoverPhaseSchema.options)('%s is told in words, with what a person can do', (phase) => {
    expect(failoverStatusLines(statusOf({ phase, disks: [] }), now).slice(1)).toMatchSnapshot();
  });

  test("a test's lease, its reminder and what was overridden", () => {
    const lines = failoverStatusLines(
      statusOf({
        kind: 'test',
        phase: 'running',
        leaseUntil: '2026-11-26T12:40:00.000Z',
        reminded: true,
        overridden: ['not verified, taken all the same: a drill'],
        disks: [],
      }),
      now,
    );
    expect(lines).toContain('  lease until 2026-11-26T12:40:00.000Z, 40 min left; it ends soon');
    expect(lines).toContain('  overridden: not verified, taken all the same: a drill');
  });

  test('a failed-over VM without a run: where it is, how old its writes are, its recovery points', () => {
    const status = mergeFailoverStatus({
      ...parts,
      description: { value: undefined },
      workflow: { value: undefined },
      recorded: { value: { run: undefined, live, points: [point] } },
    });
    expect(failoverStatusLines(status, now)).toEqual([
      `qc/vcenter-qc/${vmId}`,
      '  no failover is at work',
      `  failed over to pgtest1-fo (${failoverVmId}) since 2026-11-26T10:00:00.000Z: its own writes are up to 2 h 0 min old`,
      `  go back: diskferry failover back qc/vcenter-qc/${vmId}`,
      `  recovery point ${pointId}: complete, taken 2026-11-26T10:00:04.000Z before a replication, 2 disks, 117 GiB`,
    ]);
  });

  test('a failed-over VM whose failback was refused is failed over as before, and can be asked again', () => {
    const failure = failureRecord('no-free-slots', { applianceId, needed: 2, free: 0, limit: 8 });
    const run = {
      ...vm,
      ...{ firstRunId: 'run-2', workflowId: 'fail-back-vm/x', kind: 'back' as const, vmName: 'pgtest1', applianceId },
      ...{ requestId: 'r', requestDigest: 'd', phase: 'refused' as const, failure },
      ...{ startedAt: state.startedAt, updatedAt: state.startedAt, endedAt: state.startedAt },
    };
    const status = mergeFailoverStatus({
      ...parts,
      description: { value: { runId: 'run-2', execution: 'FAILED', pending: [] } },
      workflow: { value: { ...state, kind: 'back', phase: 'refused', disks: [], endedAt: state.startedAt } },
      recorded: { value: { run, live, points: [] } },
    });
    expect(failoverStatusLines(status, now)).toEqual([
      `pgtest1 qc/vcenter-qc/${vmId}`,
      '  failback: refused (was refused before it began: nothing was changed, everything is as it was before)',
      `  VM pgtest1-fo (${failoverVmId})`,
      `  ended: Appliance ${applianceId} has 0 free data disk slots of 8, 2 are needed`,
      '  next: Release a VM that is finished (diskferry release VM), or use another appliance.',
      `  failed over to pgtest1-fo (${failoverVmId}) since 2026-11-26T10:00:00.000Z: its own writes are up to 2 h 0 min old`,
      `  go back: diskferry failover back qc/vcenter-qc/${vmId}`,
    ]);
  });

  test('parts that do not answer are named, the rest is shown', () => {
    const status = mergeFailoverStatus({
      ...parts,
      workflow: { missing: 'the workflow does not answer: deadline' },
      recorded: { missing: 'the database does not answer: refused' },
      unpolledQueues: ['diskferry'],
    });
    expect(status.missing).toEqual([
      'no worker polls diskferry',
      'the workflow does not answer: deadline',
      'the database does not answer: refused',
    ]);
    expect(failoverStatusLines(status, now)).toContain('  running');
  });

  test('nobody knows of a failover: failover-unknown', () => {
    const nothing = { description: { value: undefined }, workflow: { value: undefined } };
    expect(failureOf(() => mergeFailoverStatus({ ...parts, ...nothing }))).toMatchObject({
      code: 'failover-unknown',
      next: 'See which there are: diskferry failover list',
    });
  });

  test('how a run ended names the commands of failovers', () => {
    const failure = failureRecord('detach-failed', {
      ...{ diskKey: 2000, volumeId: osVolume, vmId: applianceId, cause: 'x', vm: 'V' },
    });
    const run = {
      ...vm,
      ...{ firstRunId: 'run-1', workflowId: parts.workflowId, kind: 'live' as const, vmName: 'pgtest1', applianceId },
      ...{ requestId: 'r', requestDigest: 'd', phase: 'abandoned' as const, failure },
      ...{ startedAt: state.startedAt, updatedAt: state.startedAt },
    };
    const status = mergeFailoverStatus({
      ...parts,
      description: { value: { runId: 'run-1', execution: 'FAILED', pending: [] } },
      workflow: { value: undefined },
      recorded: { value: { run, live: undefined, points: [] } },
    });
    expect(failoverStatusLines(status, now).join('\n')).toContain(
      "next: Read CloudStack's words; then: diskferry failover retry V, or give it up with: diskferry failover abandon V",
    );
  });
});

describe('the next command of a failure', () => {
  const sample = (code: FailureCode) => {
    const { class: failureClass, message, next } = failureTable[code];
    return { code, class: failureClass, message, next, fields: {} };
  };

  test.each(Object.keys(failureTable) as FailureCode[])('%s: none is a replication’s inside a failover', (code) => {
    expect(withNextFor(sample(code), 'failover').next).not.toMatch(/diskferry (retry|cancel|abandon|status|watch)\b/);
    expect(withNextFor(sample(code), 'replication').next).toBe(failureTable[code].next);
  });

  test.each<[string, 'replication' | 'failover', string]>([
    [`fail-over-vm/qc/v/${vmId}`, 'replication', 'diskferry failover status'],
    [`fail-back-vm/qc/v/${vmId}`, 'replication', 'diskferry failover status'],
    [`revert-vm/qc/v/${vmId}`, 'failover', 'diskferry failover status'],
    [`replicate-vm/qc/v/${vmId}`, 'failover', 'diskferry status'],
    [`release-vm/qc/v/${vmId}`, 'failover', 'diskferry status'],
  ])('where %s holds the VM of a %s it is: %s', (holder, run, command) => {
    const record = failureRecord('vm-claimed', { vm: 'V', holder, runId: 'r', kind: 'k' });
    expect(withNextFor(record, run).next).toContain(`${command} V`);
  });
});

describe('asking first', () => {
  const context = (io: { ask?: (question: string) => Promise<string>; json?: boolean }): CommandContext =>
    commandContext(
      {
        stdout: { write: () => true },
        stderr: { write: () => true },
        env: {},
        patienceMs: 0,
        ...(io.ask !== undefined && { ask: io.ask }),
      },
      { json: io.json === true },
    );
  const ask = (answer: string) => () => Promise.resolve(answer);

  test('goes on when a person types yes', async () => {
    await askFirst(context({ ask: ask(' Yes\n') }), 'Fail over?');
  });

  test.each(['', 'y', 'no', 'yes please'])('ends without a change when the answer is %j', async (answer) => {
    await expect(askFirst(context({ ask: ask(answer) }), 'Fail over?')).rejects.toThrow(EndedWith);
  });

  test('needs nobody with --yes or --dry-run', () => {
    requireSomebodyToAsk(context({}), { yes: true }, 'A revert', 'diskferry revert');
    requireSomebodyToAsk(context({}), { dryRun: true }, 'A revert', 'diskferry revert');
    requireSomebodyToAsk(context({ ask: ask('') }), {}, 'A revert', 'diskferry revert');
  });

  test('with --json it is refused also at a terminal', () => {
    const io = { ask: ask('yes'), json: true };
    expect(
      failureOf(() => {
        requireSomebodyToAsk(context(io), {}, 'A revert', 'diskferry revert');
      }),
    ).toMatchObject({
      code: 'usage',
      next: 'See: diskferry revert --help',
    });
  });

  const options = ['--service-offering', 'm', '--template', 't', '--network', 'n'];
  test.each([
    [['failover', 'live', vmId, ...options]],
    [['failover', 'back', vmId]],
    [['revert', vmId, '--to', 'latest-point']],
  ])('%j without a terminal is wrong usage, before anybody is asked anything', async (argv) => {
    const run = await diskferry(argv, { TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain('there is no terminal to ask at: give --yes, or look at it with --dry-run');
  });
});

test('points as a table', () => {
  const torn = { ...point, id: failoverVmId, state: 'taking' as const, purpose: 'live' as const, snapshots: [] };
  expect(pointsTable([point, torn], false)).toMatchInlineSnapshot(`
    "POINT                                 TAKEN (UTC)          FOR    STATE     DISKS  SIZE     VERIFIED
    9c1f8a52-62a7-5bd0-8f44-3f1ad4cf7f11  2026-11-26 10:00:04  cycle  complete  2      117 GiB  yes
    5b6a1c1e-98d6-4be4-9f4e-2f4d1f0f3a10  2026-11-26 10:00:04  live   taking    0      0 B      no"
  `);
});

test('where a volume was, and why it left', () => {
  const place = (of: string, role: 'replica' | 'live_root') => ({
    ...{ devicePath: `remote-vm-${of}-${osVolume}`, vmId: of, volumeId: osVolume, deviceNode: '/dev/x', role },
    ...{ mappedAt: '2026-11-26T09:00:00.000Z', ownerWorkflowId: 'w' },
  });
  const left = { ...place(applianceId, 'replica'), unmappedAt: state.startedAt, unmappedBecause: 'a live failover' };
  expect(historyLines([left, place(failoverVmId, 'live_root')])).toMatchInlineSnapshot(`
    [
      "remote-vm-1c266316-503d-451d-9392-9585a6fcba41-7f0c0d4e-8a53-4c35-9d56-5d2b8f0f3c11",
      "  VM     1c266316-503d-451d-9392-9585a6fcba41  replica on the appliance",
      "  from   2026-11-26T09:00:00.000Z  by w",
      "  to     2026-11-26T10:00:00.000Z  because a live failover",
      "remote-vm-5b6a1c1e-98d6-4be4-9f4e-2f4d1f0f3a10-7f0c0d4e-8a53-4c35-9d56-5d2b8f0f3c11",
      "  VM     5b6a1c1e-98d6-4be4-9f4e-2f4d1f0f3a10  root of a live failover",
      "  from   2026-11-26T09:00:00.000Z  by w",
      "  to     now: it is mapped there",
    ]
  `);
});

test('a group', () => {
  const member = { vm: `qc/vcenter-qc/${vmId}`, workflowId: 'w', vmName: 'pgtest1' };
  expect(
    groupLines({
      name: 'shop',
      phase: 'pausing',
      stage: 1,
      members: [
        { ...member, stage: 1, outcome: 'ready' },
        { ...member, vmName: 'web', stage: 2, outcome: 'failed', failure: 'Disk 2000: …' },
      ],
      startedAt: state.startedAt,
    }),
  ).toEqual([
    'group shop: pausing (stage 1 of 2)',
    `  1  pgtest1  ready  qc/vcenter-qc/${vmId}`,
    `  2  web  failed  qc/vcenter-qc/${vmId}`,
    '     Disk 2000: …',
  ]);
});

test('a live view writes a line per change, and ends where it is told to', async () => {
  const looks = [statusOf({}), statusOf({}), statusOf({ phase: 'starting' }), statusOf({ phase: 'running' })];
  let text = '';
  const last = await showFailoverLive({
    status: () => Promise.resolve(looks.shift() ?? statusOf({ phase: 'ended' })),
    stream: { write: (piece: string) => ((text += piece), true) },
    until: ({ workflow }) => workflow?.phase === 'running',
    intervalMs: 1,
  });
  expect(last.workflow?.phase).toBe('running');
  expect(text).toMatchInlineSnapshot(`
    "pgtest1: live failover: attaching (attaches the disks to the failover VM)
    disk 2000: mapToVm
    disk 2001: attachToVm (try 2)
    point of no return: ahead
    pgtest1: live failover: starting (starts the failover VM)
    pgtest1: live failover: running (the sandbox is up)
    longer: diskferry failover extend qc/vcenter-qc/420570c7-f61f-a930-77c5-1e876786cb3c --by 2h
    remove it now: diskferry failover end qc/vcenter-qc/420570c7-f61f-a930-77c5-1e876786cb3c
    "
  `);
});
