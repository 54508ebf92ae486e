import { describe, expect, test } from '@jest/globals';
import { leftPoints, pointsToPrune, whyNoPoint } from '../../activities/judge-points';
import { unverifiedDisks } from '../../domain/verified';
import { judgeSnapshot, pickSnapshot } from '../../site/judge-snapshot';
import type { Snapshot } from '../../cloudstack/api';
import { asksForDetach } from '../../cloudstack/wordings';
import type { RecoveryPoint } from '../../database/recovery-points';

const snapshot = (id: string, state: string, created?: string): Snapshot => ({
  ...{ id, state, name: 'diskferry-pgtest1-2000-01234567', tags: [] },
  ...(created === undefined ? {} : { created }),
});

const point = (id: string, change: Partial<RecoveryPoint> = {}): RecoveryPoint => ({
  ...{ id, site: 'qc', sourceId: 'vcenter', sourceVmId: 'vm', purpose: 'cycle', state: 'complete' },
  ...{ workflowId: 'w', firstRunId: 'run', createdAt: 'then', snapshots: [] },
  ...change,
});

const ids = (points: readonly RecoveryPoint[]): string[] => points.map(({ id }) => id);

describe('judgeSnapshot', () => {
  test.each([
    ['Allocated', 'allocated'],
    ['Creating', 'under-way'],
    ['CreatedOnPrimary', 'under-way'],
    ['BackingUp', 'under-way'],
    ['BackedUp', 'backed-up'],
    ['Error', 'failed'],
    ['Destroying', 'leaving'],
    ['Destroyed', 'gone'],
    ['a state of a later release', 'under-way'],
  ])('%s is %s', (state, verdict) => {
    expect(judgeSnapshot(snapshot('a', state))).toBe(verdict);
  });

  test('the known one or none; without one the farthest, then the oldest', () => {
    const listing = [snapshot('a', 'Allocated'), snapshot('b', 'BackedUp', '2'), snapshot('c', 'BackedUp', '1')];
    expect(pickSnapshot(listing, 'a')?.id).toBe('a');
    expect(pickSnapshot(listing, 'x')).toBeUndefined();
    expect(pickSnapshot(listing, undefined)?.id).toBe('c');
    expect(pickSnapshot([], undefined)).toBeUndefined();
  });
});

describe('which points are needed, kept and left', () => {
  // newest first
  const points = [
    point('5', { purpose: 'test' }),
    point('4'),
    point('3', { purpose: 'back' }),
    point('2', { purpose: 'live' }),
    point('1'),
  ];

  test.each([
    [2, true, ['1', '2']],
    [4, true, []],
    [0, true, ['1', '2', '3', '4']],
    [0, false, ['1', '2', '3']],
    [1, false, ['1', '2', '3']],
  ])('a site that keeps %d, VM verified: %s', (keeps, verified, pruned) => {
    expect(ids(pointsToPrune(points, keeps, verified))).toEqual(pruned);
  });

  test('left: what is being removed, and what another run was taking', () => {
    const taking = { state: 'taking' } as const;
    const all = [
      point('4', taking),
      point('3', { ...taking, firstRunId: 'other' }),
      point('2', { state: 'removing' }),
      point('1'),
    ];
    expect(ids(leftPoints(all, 'run'))).toEqual(['2', '3']);
  });

  test('a cycle needs one while all disks are verified', () => {
    const disks = [
      { diskKey: 2000, volumeId: 'a' },
      { diskKey: 2001, volumeId: 'b' },
    ];
    const a = { volumeId: 'a', verifiedHash: 'sha256-1GiB:x' };
    expect(unverifiedDisks(disks, [a, { volumeId: 'b', verifiedHash: 'sha256-1GiB:y' }])).toEqual([]);
    expect(unverifiedDisks(disks, [a, { volumeId: 'b' }])).toEqual([2001]);
    expect(unverifiedDisks(disks, [a])).toEqual([2001]);
    expect(whyNoPoint(1, [], [])).toBeUndefined();
    expect(whyNoPoint(0, [], [])).toContain('keeps no recovery points');
    expect(whyNoPoint(1, [2001], [])).toBe('disk 2001 is not verified: nothing verified would be lost');
    expect(whyNoPoint(1, [2001], points)).toBe('disk 2001 is not verified: the latest recovery point 4 of then stays');
  });
});

test.each([
  [
    'KVM Snapshot is not supported for Running VMs. It is disabled by default due to a possible volume corruption.',
    true,
  ],
  [
    'There is other active snapshot tasks on the Instance to which the volume is attached, please try again later',
    false,
  ],
  ['An internal error occurred', false],
])('%s asks for a detach: %s', (text, asks) => {
  expect(asksForDetach(text)).toBe(asks);
});
