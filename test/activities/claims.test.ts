import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ClaimVmInput, VmRef } from '../../domain/step-io';
import { type ActivityWorld, type Actor, startActivityWorld } from '../support/activity-world';
import { expectCensus } from '../support/census';
import { failing } from '../support/failing';
import { Journey } from '../support/journey';

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
  vm = await world.begin();
  actor = world.actor(vm);
});

const replication = (of: VmRef, requestId = randomUUID()): ClaimVmInput => ({
  ...of,
  kind: 'replication',
  requestId,
  requestDigest: 'digest',
});

describe('claimVm and endClaim', () => {
  test('twice by one run is once; another run is refused, with the holder named', async () => {
    expect(await actor.activities.claimVm({ ...vm, kind: 'replication' })).toEqual({ epoch: 1 });
    const failed = await failing(world.actor(vm, { runId: 'other' }).activities.claimVm({ ...vm, kind: 'release' }));
    expect(failed).toMatchObject({ code: 'vm-claimed', failureClass: 'conflict' });
    expect(failed.message).toContain(vm.firstRunId);
  });

  test('a holder that Temporal says is closed is overtaken, with a higher epoch; it can do nothing more', async () => {
    const closed: string[] = [];
    const next = world.actor(vm, {
      runId: 'next',
      isRunClosed: (_workflowId, runId) => {
        closed.push(runId);
        return Promise.resolve(true);
      },
    });
    expect(await next.activities.claimVm({ ...vm, kind: 'replication' })).toEqual({ epoch: 2 });
    expect(closed).toEqual([vm.firstRunId]);
    const journey = await Journey.begin(world, vm);
    expect((await failing(journey.run(actor, 'createVolume'))).code).toBe('claim-lost');
    expect(await world.control.changes()).toEqual([]);
  });

  test('two runs at once: one gets it', async () => {
    await actor.activities.endClaim(vm);
    const results = await Promise.allSettled(
      ['a', 'b', 'c'].map((runId) => world.actor(vm, { runId }).activities.claimVm({ ...vm, kind: 'replication' })),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  });

  test('a request id that another run has used: refused, and the VM stays free', async () => {
    const requestId = randomUUID();
    await actor.activities.endClaim(vm);
    await actor.activities.claimVm(replication(vm, requestId));
    await actor.activities.claimVm(replication(vm, requestId));
    await actor.activities.endClaim(vm);
    const later: VmRef = { ...vm, firstRunId: randomUUID() };
    const failed = await failing(world.actor(later).activities.claimVm(replication(later, requestId)));
    expect(failed.code).toBe('request-id-used');
    expect(await world.database.repositories.claims.holder(vm)).toBeUndefined();
  });

  test('ending twice, and ending a claim that another run holds, changes nothing', async () => {
    await actor.activities.endClaim(vm);
    await actor.activities.endClaim(vm);
    const next = world.actor(vm, { runId: 'next' });
    await next.activities.claimVm({ ...vm, kind: 'replication' });
    await actor.activities.endClaim(vm);
    expect(await world.database.repositories.claims.holder(vm)).toMatchObject({ runId: 'next' });
  });

  test('an attached disk keeps its slot until it is released; a released disk no longer stands for its key', async () => {
    const { slots, disks } = world.database.repositories;
    const journey = await Journey.begin(world, vm);
    const request = {
      schemaVersion: 1 as const,
      site: vm.site,
      source: { id: vm.sourceId, vm: vm.sourceVmId, name: vm.vmName },
      appliance: vm.applianceId,
      disks: [{ key: 2001, boot: true, sizeBytes: 2 ** 30, source: { kind: 'file' as const, path: journey.source } }],
    };
    await actor.activities.preflightSite({ vm, request } as Parameters<Actor['activities']['preflightSite']>[0]);
    await journey.runThrough(actor, 'mapDevice');
    await actor.activities.endClaim(vm);
    expect(await slots.list(vm.applianceId)).toHaveLength(1);

    const releasing = world.actor(vm, { runId: 'release' });
    await releasing.activities.claimVm({ ...vm, kind: 'release' });
    const listed = await releasing.activities.listReplicas(vm);
    expect(listed.replicas).toMatchObject([{ diskKey: 2001, volumeId: journey.volumeInput.volumeId }]);
    const release = { ...journey.volumeInput, firstRunId: 'release', mode: 'release' as const };
    await releasing.activities.closeExport(release);
    expect(await releasing.activities.unmapDevice(release)).toMatchObject({ outcome: 'undone' });
    expect(await releasing.activities.detachVolume(release)).toMatchObject({ outcome: 'undone' });
    expect(await releasing.activities.confirmDeviceGone(release)).toMatchObject({ outcome: 'undone' });
    await releasing.activities.endClaim(vm);
    expect(await slots.list(vm.applianceId)).toEqual([]);
    expect(await disks.ofVm(vm)).toEqual([]);
    const [replica] = listed.replicas;
    await expectCensus(world, vm, {
      volumes: [`${replica?.volumeName ?? '?'} at nowhere`],
      rows: [`volumes: ${replica?.volumeName ?? '?'}`],
    });
  });

  test('recordPhase writes the projection of a run, and its end once', async () => {
    const { jobs } = world.database.repositories;
    const ref: VmRef = { ...vm, firstRunId: randomUUID() };
    const run = world.actor(ref);
    await actor.activities.endClaim(vm);
    await run.activities.claimVm(replication(ref));
    await run.activities.recordPhase({ ...ref, phase: 'provisioning' });
    expect(await jobs.latestOfVm(ref)).toMatchObject({ phase: 'provisioning' });
    await run.activities.recordPhase({ ...ref, phase: 'replicated', result: { state: 'replicated' } });
    await run.activities.recordPhase({ ...ref, phase: 'copying' });
    expect(await jobs.latestOfVm(ref)).toMatchObject({ phase: 'replicated', result: '{"state":"replicated"}' });
    await run.activities.recordPhase({ ...ref, firstRunId: 'a release has no row', phase: 'released' });
  });
});
