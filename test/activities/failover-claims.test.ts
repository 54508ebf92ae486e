import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ClaimFailoverInput, RecordFailoverInput } from '../../domain/failover-io';
import { finalFailoverPhases } from '../../domain/failover-phases';
import type { FailoverKind } from '../../domain/failover-state';
import { failureRecord } from '../../domain/failures';
import { failoverWorkflowId } from '../../domain/names';
import type { VmRef } from '../../domain/step-io';
import { type ActivityWorld, type Actor, type ActorOptions, startActivityWorld } from '../support/activity-world';
import { expectCensus } from '../support/census';
import { failing } from '../support/failing';

let world: ActivityWorld;
let vm: VmRef;
let actor: Actor;

beforeAll(async () => {
  world = await startActivityWorld();
});
afterAll(async () => {
  await world.close();
});
beforeEach(async () => {
  const replicated = await world.begin();
  await world.actor(replicated).activities.endClaim(replicated);
  ({ vm, actor } = another(replicated));
  failoverVmId = randomUUID();
});

const repositories = () => world.database.repositories;
const failoverVmName = 'pgtest1-failover';
const LEASE_UNTIL = '2026-01-02T07:04:05.678Z';
let failoverVmId: string;

/** A run of its own on the same VM. */
function another(of: VmRef, options: ActorOptions = {}): { readonly vm: VmRef; readonly actor: Actor } {
  const ref: VmRef = { ...of, firstRunId: randomUUID() };
  return { vm: ref, actor: world.actor(ref, { workflowId: failoverWorkflowId(ref), ...options }) };
}

function replication(): { readonly vm: VmRef; readonly actor: Actor } {
  const ref: VmRef = { ...vm, firstRunId: randomUUID() };
  return { vm: ref, actor: world.actor(ref) };
}

const closed = { isRunClosed: () => Promise.resolve(true) };

const request = (of: VmRef, kind: FailoverKind = 'test', requestId = randomUUID()): ClaimFailoverInput => ({
  ...of,
  kind,
  requestId,
  requestDigest: 'digest',
  ...(kind === 'test' || kind === 'live' ? { failoverVmName } : {}),
});
const claim = (by: { vm: VmRef; actor: Actor }, kind: FailoverKind = 'test') =>
  by.actor.activities.claimFailover(request(by.vm, kind));
const enterLease = (by: { vm: VmRef; actor: Actor }) =>
  by.actor.activities.enterLease({ ...by.vm, leaseUntil: LEASE_UNTIL });

async function goLive(): Promise<void> {
  const { site, sourceId, sourceVmId, applianceId, firstRunId } = vm;
  const live = {
    site,
    sourceId,
    sourceVmId,
    applianceId,
    firstRunId,
    failoverVmId,
    failoverVmName,
    pointId: randomUUID(),
  };
  await repositories().database.transaction((tx) => repositories().failovers.goLive(tx, { ...live, volumes: [] }));
}

/** A test of another run whose sandbox is up: the VM itself is free. */
async function leasedByAnother(): Promise<VmRef> {
  const other = another(vm);
  await claim(other);
  await enterLease(other);
  return other.vm;
}

describe('claimFailover', () => {
  test.each([
    ['test', 'failover'],
    ['live', 'failover'],
    ['back', 'failback'],
    ['revert', 'revert'],
  ] as const)('of a %s holds the VM as %s, with the row of the run; twice is once', async (kind, held) => {
    if (kind === 'back') await goLive();
    const input = request(vm, kind);
    for (const _ of [1, 2]) expect(await actor.activities.claimFailover(input)).toEqual({ epoch: 2 });
    expect(await repositories().claims.holder(vm)).toMatchObject({ kind: held, runId: vm.firstRunId });
    expect(await repositories().failovers.byRequestId(input.requestId)).toMatchObject({
      ...input,
      phase: 'preflight',
      workflowId: actor.run.workflowId,
    });
    expect(await repositories().jobs.latestOfVm(vm)).toBeUndefined();
  });

  test('while the VM is held: refused with the holder; from one that is closed it is taken over', async () => {
    const holder = replication();
    await holder.actor.activities.claimVm({ ...holder.vm, kind: 'replication' });
    const failed = await failing(claim({ vm, actor }));
    expect(failed).toMatchObject({ code: 'vm-claimed', failureClass: 'conflict' });
    expect(failed.message).toContain(holder.vm.firstRunId);
    expect(await repositories().failovers.get(vm.firstRunId)).toBeUndefined();
    const next = another(vm, closed);
    expect(await claim(next)).toEqual({ epoch: 3 });
    expect(await repositories().claims.holder(vm)).toMatchObject({ kind: 'failover', runId: next.vm.firstRunId });
  });

  test('several at once: one gets it, and only that one has a row', async () => {
    const runs = [another(vm), another(vm), another(vm)];
    const results = await Promise.allSettled(runs.map((run) => claim(run)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await repositories().failovers.list({ sourceVmId: vm.sourceVmId })).toHaveLength(1);
  });

  test('a request id that another run has used: refused, and the VM stays free', async () => {
    const requestId = randomUUID();
    await actor.activities.claimFailover(request(vm, 'test', requestId));
    await actor.activities.endClaim(vm);
    const later = another(vm);
    const failed = await failing(later.actor.activities.claimFailover(request(later.vm, 'test', requestId)));
    expect(failed.code).toBe('request-id-used');
    expect(failed.message).toContain(vm.firstRunId);
    expect(await repositories().claims.holder(vm)).toBeUndefined();
  });

  test.each(['test', 'live', 'revert'] as const)('a %s of a VM that is failed over: refused', async (kind) => {
    await goLive();
    const failed = await failing(claim({ vm, actor }, kind));
    expect(failed).toMatchObject({ code: 'vm-failed-over', failureClass: 'conflict' });
    expect(failed.message).toContain(failoverVmId);
    expect(await repositories().claims.holder(vm)).toBeUndefined();
    expect(await repositories().failovers.get(vm.firstRunId)).toBeUndefined();
  });

  test('the way back of a VM that is not failed over: refused, and the VM stays free', async () => {
    expect((await failing(claim({ vm, actor }, 'back'))).code).toBe('vm-not-failed-over');
    expect(await repositories().claims.holder(vm)).toBeUndefined();
  });

  test.each(['test', 'live'] as const)("a %s beside another run's sandbox: refused, and named", async (kind) => {
    const other = await leasedByAnother();
    const failed = await failing(claim({ vm, actor }, kind));
    expect(failed).toMatchObject({ code: 'vm-claimed', failureClass: 'conflict' });
    expect(failed.message).toContain(other.firstRunId);
    expect(failed.message).toContain('test failover');
    expect(await repositories().claims.holder(vm)).toBeUndefined();
  });

  test('a sandbox that a terminated test left hinders nobody, also where the VM itself was left', async () => {
    await leasedByAnother();
    const left = replication();
    await left.actor.activities.claimVm({ ...left.vm, kind: 'replication' });
    const next = another(vm, closed);
    await claim(next, 'live');
    expect(await repositories().claims.holder(vm)).toMatchObject({ runId: next.vm.firstRunId });
  });

  test("a revert beside another run's sandbox: its volumes are those of the test", async () => {
    await leasedByAnother();
    await claim({ vm, actor }, 'revert');
    expect(await repositories().claims.holder(vm)).toMatchObject({ kind: 'revert' });
  });
});

describe('claimVm', () => {
  test.each(['replication', 'release'] as const)('for a %s of a VM that is failed over: refused', async (kind) => {
    await goLive();
    const run = replication();
    const asked = { requestId: randomUUID(), requestDigest: 'digest' };
    const failed = await failing(run.actor.activities.claimVm({ ...run.vm, kind, ...asked }));
    expect(failed).toMatchObject({ code: 'vm-failed-over', failureClass: 'conflict' });
    expect(failed.message).toContain(failoverVmName);
    expect(await repositories().claims.holder(vm)).toBeUndefined();
    expect(await repositories().jobs.byRequestId(asked.requestId)).toBeUndefined();
  });
});

describe('enterLease', () => {
  test('exchanges the VM for the place of a test, once: a replication may run beside it', async () => {
    await claim({ vm, actor });
    for (const _ of [1, 2]) await enterLease({ vm, actor });
    expect(await repositories().claims.holder(vm)).toBeUndefined();
    expect(await repositories().claims.testHolder(vm)).toMatchObject({ runId: vm.firstRunId, epoch: 1 });
    const beside = replication();
    await beside.actor.activities.claimVm({ ...beside.vm, kind: 'replication' });
    await enterLease({ vm, actor });
    expect(await repositories().claims.holder(vm)).toMatchObject({ runId: beside.vm.firstRunId });
  });

  test('two attempts at once are one', async () => {
    await claim({ vm, actor });
    await Promise.all([1, 2, 3].map(() => enterLease({ vm, actor })));
    expect(await repositories().claims.testHolder(vm)).toMatchObject({ runId: vm.firstRunId, epoch: 1 });
  });

  test.each(['before', 'after'] as const)(
    'cut off %s its effect, and run again: never without a fence',
    async (side) => {
      await claim({ vm, actor });
      const cutOff = world.actor(vm, {
        workflowId: failoverWorkflowId(vm),
        failpoint: (_effect, at) => {
          if (at === side) throw new Error('cut off');
        },
      });
      await failing(enterLease({ vm, actor: cutOff }));
      const held = (await repositories().claims.holder(vm)) ?? (await repositories().claims.testHolder(vm));
      expect(held).toMatchObject({ runId: vm.firstRunId });
      await enterLease({ vm, actor });
      expect(await repositories().claims.testHolder(vm)).toMatchObject({ runId: vm.firstRunId });
    },
  );

  test('a run that does not hold the VM gets no place', async () => {
    expect((await failing(enterLease({ vm, actor }))).code).toBe('claim-lost');
    expect(await repositories().claims.testHolder(vm)).toBeUndefined();
  });

  test('a place that another test left is taken over when that is closed; until then the VM stays held', async () => {
    const other = await leasedByAnother();
    const next = another(vm, { isRunClosed: (_workflowId, runId) => Promise.resolve(runId === other.firstRunId) });
    await claim(next);
    const doubting = world.actor(next.vm, { workflowId: failoverWorkflowId(vm) });
    const failed = await failing(enterLease({ vm: next.vm, actor: doubting }));
    expect(failed.code).toBe('vm-claimed');
    expect(failed.message).toContain(other.firstRunId);
    expect(await repositories().claims.holder(vm)).toMatchObject({ runId: next.vm.firstRunId });
    await enterLease(next);
    expect(await repositories().claims.testHolder(vm)).toMatchObject({ runId: next.vm.firstRunId, epoch: 2 });
    expect(await repositories().claims.holder(vm)).toBeUndefined();
  });
});

describe('endClaim of a failover', () => {
  test('before the lease: the VM is free', async () => {
    await claim({ vm, actor });
    for (const _ of [1, 2]) await actor.activities.endClaim(vm);
    expect(await repositories().claims.holder(vm)).toBeUndefined();
    await expectCensus(world, vm);
  });

  test("of a test: its place is free, and what stands of the VM's disks is left to whoever holds it", async () => {
    const { slots, disks, claims, database } = repositories();
    await claim({ vm, actor });
    await enterLease({ vm, actor });
    const releasing = replication();
    await releasing.actor.activities.claimVm({ ...releasing.vm, kind: 'release' });
    const { site, sourceId, sourceVmId, applianceId } = vm;
    const of = { site, sourceId, sourceVmId };
    await database.transaction(async (tx) => {
      await disks.set(tx, { ...of, diskKey: 2000, volumeId: randomUUID(), boot: true });
      const ownerWorkflowId = releasing.actor.run.workflowId;
      await slots.reserve(tx, { ...of, applianceId, ownerWorkflowId, diskKeys: [2000], limit: 4, foreign: 0 });
    });
    for (const _ of [1, 2]) await actor.activities.endClaim(vm);
    expect(await claims.testHolder(vm)).toBeUndefined();
    expect(await claims.holder(vm)).toMatchObject({ kind: 'release', runId: releasing.vm.firstRunId });
    expect(await disks.ofVm(vm)).toHaveLength(1);
    expect(await slots.list(applianceId)).toMatchObject([{ sourceVmId, diskKey: 2000 }]);
    await database.transaction(async (tx) => await slots.free(tx, of));
  });

  test('of another run leaves the place alone', async () => {
    const other = await leasedByAnother();
    await actor.activities.endClaim(vm);
    expect(await repositories().claims.testHolder(vm)).toMatchObject({ runId: other.firstRunId });
  });
});

describe('recordFailover', () => {
  const record = (row: Omit<RecordFailoverInput, keyof VmRef>) => actor.activities.recordFailover({ ...vm, ...row });
  const stored = () => repositories().failovers.get(vm.firstRunId);

  test('writes what is now, keeps what was told before, and needs no claim', async () => {
    await claim({ vm, actor });
    await actor.activities.endClaim(vm);
    const ids = { failoverVmId, pointId: randomUUID() };
    const failure = failureRecord('vm-unknown', { vm: 'pgtest1' });
    await record({ phase: 'retrying', reason: 'disk 2001 is tried again', failure, ...ids });
    expect(await stored()).toMatchObject({ phase: 'retrying', reason: 'disk 2001 is tried again', failure, ...ids });
    await record({ phase: 'running', leaseUntil: LEASE_UNTIL });
    const running = await stored();
    expect(running).toMatchObject({ phase: 'running', leaseUntil: LEASE_UNTIL, ...ids });
    for (const gone of ['reason', 'failure', 'endedAt']) expect(running).not.toHaveProperty(gone);
  });

  test.each([...finalFailoverPhases])('%s ends the row, and nothing changes it afterwards', async (phase) => {
    await claim({ vm, actor });
    await record({ phase, result: { state: phase } });
    const ended = await stored();
    expect(ended).toMatchObject({ phase, result: `{"state":"${phase}"}`, endedAt: expect.stringMatching(/Z$/) });
    await record({ phase: 'running', reason: 'late' });
    await record({ phase, failure: failureRecord('vm-unknown', { vm: 'pgtest1' }) });
    expect(await stored()).toEqual(ended);
  });

  test('of a run that was refused, and has no row, is no mistake', async () => {
    await record({ phase: 'compensating' });
    await record({ phase: 'rolled_back' });
    expect(await stored()).toBeUndefined();
  });
});
