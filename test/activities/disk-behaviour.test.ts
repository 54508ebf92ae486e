import { randomBytes } from 'node:crypto';
import { copyFile, open } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { volumeTagKeys } from '../../domain/names';
import type { VmRef } from '../../domain/step-io';
import { type ActivityWorld, type Actor, startActivityWorld } from '../support/activity-world';
import { expectCensus } from '../support/census';
import { takeCensus } from '../support/take-census';
import { failing } from '../support/failing';
import { Journey } from '../support/journey';

let world: ActivityWorld;
let vm: VmRef;
let actor: Actor;
let journey: Journey;

beforeAll(async () => {
  world = await startActivityWorld();
});
afterAll(async () => {
  await world.close();
});
beforeEach(async () => {
  vm = await world.begin();
  actor = world.actor(vm);
  journey = await Journey.begin(world, vm);
});

const commands = async () => (await world.control.changes()).map(({ command }) => command);
const dataVolumes = async () => (await world.control.world()).volumes.filter(({ type }) => type === 'DATADISK');

async function writeDevice(offset: number): Promise<void> {
  const file = await open(journey.exportInput.device.deviceNode, 'r+');
  await file.write(randomBytes(512), 0, 512, offset);
  await file.close();
}

describe('createVolume and deleteVolume', () => {
  test.each(['admin', 'repluser'] as const)('the answer is lost (%s): one volume, found again', async (account) => {
    vm = await world.begin({ account });
    actor = world.actor(vm, { account });
    journey = await Journey.begin(world, vm);
    await world.control.fault({ kind: 'drop-answer', command: 'createVolume' });
    expect((await failing(journey.run(actor, 'createVolume'))).code).toBe('cloudstack-outcome-unknown');
    await journey.run(actor, 'createVolume');
    const [volume, ...others] = await dataVolumes();
    expect(others).toEqual([]);
    expect(volume?.tags).toMatchObject({ [volumeTagKeys.owner]: actor.run.workflowId, [volumeTagKeys.disk]: '2001' });
    await journey.takeBack(actor);
    await actor.activities.endClaim(vm);
    await expectCensus(world, vm);
  });

  test('CloudStack refuses: its words are told, and nothing is left to undo', async () => {
    const text = 'Maximum amount of resources of Type = volume for Account Name = admin is exceeded.';
    await world.control.fault({ kind: 'refuse', command: 'createVolume', code: 535, text });
    const failed = await failing(journey.run(actor, 'createVolume'));
    expect(failed.code).toBe('create-refused');
    expect(failed.message).toContain('exceeded');
    expect(await journey.takeBack(actor)).toMatchObject([{ outcome: 'undone' }]);
    await actor.activities.endClaim(vm);
    await expectCensus(world, vm);
  });

  test('what a copy began on is kept, with the reason; so it is when only the tag says so', async () => {
    await journey.runThrough(actor, 'mapDevice');
    await journey.run(actor, 'beginCopy');
    const outcomes = await journey.takeBack(actor);
    expect(outcomes.at(-1)).toMatchObject({ outcome: 'kept' });
    expect(outcomes.at(-1)?.reason).toContain('a copy has begun');
    // A database that was restored from a backup does not know.
    await world.database.query('UPDATE volumes SET copy_begun = 0 WHERE volume_id = ?', [journey.volumeInput.volumeId]);
    expect((await actor.activities.deleteVolume(journey.createInput)).reason).toContain(volumeTagKeys.data);
    expect(await commands()).not.toContain('deleteVolume');
  });

  test('the storage refuses the delete: delete-failed, and the next try removes it', async () => {
    await journey.run(actor, 'createVolume');
    await world.control.fault({ kind: 'refuse', command: 'deleteVolume', text: 'Failed to expunge the volume' });
    const failed = await failing(actor.activities.deleteVolume(journey.createInput));
    expect(failed.code).toBe('delete-failed');
    expect(failed.message).toContain('expunge');
    expect(await actor.activities.deleteVolume(journey.createInput)).toMatchObject({ outcome: 'undone' });
    await actor.activities.endClaim(vm);
    await expectCensus(world, vm);
  });

  test('a volume that is there already is taken as it is, and given back', async () => {
    await journey.run(actor, 'createVolume');
    const { volumeId } = journey.volumeInput;
    const later: VmRef = { ...vm, firstRunId: 'a-later-run' };
    await world.database.query('UPDATE vm_claims SET run_id = ? WHERE source_vm_id = ?', [
      'a-later-run',
      vm.sourceVmId,
    ]);
    const next = world.actor(later);
    const input = { ...journey.createInput, ...later, existingVolumeId: volumeId };
    expect(await next.activities.createVolume(input)).toMatchObject({ volumeId, created: false });
    expect(await next.activities.deleteVolume(input)).toMatchObject({ outcome: 'nothing-to-undo' });
    const larger = { ...input, sizeBytes: 2 ** 31 };
    expect((await failing(next.activities.createVolume(larger))).code).toBe('volume-differs');
  });
});

describe('devices', () => {
  test('a link that comes late is waited for', async () => {
    await world.control.fault({ kind: 'late-link', command: 'attachVolume', ms: 600 });
    await journey.runThrough(actor, 'resolveDevice');
    expect(journey.device?.simulated).toBe(true);
  });

  test('a link that never comes: device-missing says where it looked', async () => {
    await world.control.fault({ kind: 'no-link', command: 'attachVolume' });
    const failed = await failing(journey.runThrough(actor, 'resolveDevice'));
    expect(failed.code).toBe('device-missing');
    expect(failed.message).toContain('by-id');
  });

  test('a link to another device: device-wrong, and nothing is mapped', async () => {
    await world.control.fault({ kind: 'wrong-link', command: 'attachVolume' });
    expect((await failing(journey.runThrough(actor, 'resolveDevice'))).code).toMatch(/device-(wrong|missing)/);
  });

  test('the mapping is logged once, with its device path; a second volume under the same node is a conflict', async () => {
    await journey.runThrough(actor, 'mapDevice');
    await journey.run(actor, 'mapDevice');
    const lines = actor.logged.filter(({ message }) => message.includes('Device mapping created successfully'));
    expect(lines).toHaveLength(1);
    const path = `remote-vm-${vm.applianceId}-${journey.volumeInput.volumeId}`;
    expect(lines[0]?.message).toContain(`device_path=${path}`);
    expect(lines[0]?.fields).toMatchObject({ device_path: path });

    const other = await Journey.begin(world, vm);
    other.volume = { ...journey.volumeInput, volumeId: vm.firstRunId, diskKey: 2002 };
    other.device = journey.exportInput.device;
    const failed = await failing(other.run(actor, 'mapDevice'));
    expect(failed.code).toBe('mapping-conflict');
    expect(failed.message).toContain(journey.volumeInput.volumeId);
  });
});

describe('copying and verifying', () => {
  test('the whole way: the volume reads as its source, with the hash on both sides', async () => {
    await journey.runBefore(actor, 'copyDisk');
    const copied = await actor.activities.copyDisk(journey.copyInput);
    const verified = await actor.activities.verifyDisk(journey.exportInput);
    expect(verified).toEqual({ sourceHash: copied.sourceHash, targetHash: copied.sourceHash });
    const record = await world.database.repositories.volumes.get(journey.volumeInput.volumeId);
    expect(record).toMatchObject({ verifiedHash: copied.sourceHash, copyBegun: true });
    expect((await takeCensus(world, vm)).locks).toEqual([]);
  });

  test('a byte that differs: verify-mismatch names it, the next copy mends it', async () => {
    await journey.runThrough(actor, 'copyDisk');
    await writeDevice(1_000_000);
    const failed = await failing(journey.run(actor, 'verifyDisk'));
    expect(failed).toMatchObject({ code: 'verify-mismatch', failureClass: 'failed' });
    await journey.run(actor, 'copyDisk');
    await journey.run(actor, 'verifyDisk');
  });

  test('a tail that is not zero is found, and mended', async () => {
    await journey.runThrough(actor, 'copyDisk');
    await writeDevice(900 * 1_048_576);
    expect((await failing(journey.run(actor, 'verifyDisk'))).code).toBe('verify-mismatch');
    await journey.run(actor, 'copyDisk');
    await journey.run(actor, 'verifyDisk');
  });

  test('no byte is written before beginCopy has marked the volume', async () => {
    await journey.runThrough(actor, 'mapDevice');
    const failed = await failing(actor.activities.copyDisk(journey.copyInput));
    expect(failed.message).toContain('beginCopy has not marked it');
  });

  test('the device is another one than was proven: device-wrong, before anything is exported or written', async () => {
    await journey.runBefore(actor, 'openExport');
    const moved = { ...journey.exportInput, device: { ...journey.exportInput.device, instance: '1:1' } };
    expect((await failing(actor.activities.openExport(moved))).code).toBe('device-wrong');
    await journey.run(actor, 'openExport');
    expect((await failing(actor.activities.copyDisk({ ...journey.copyInput, ...moved }))).code).toBe('device-wrong');
  });

  test('a source that is gone: copy-failed, to be tried again', async () => {
    await journey.runBefore(actor, 'copyDisk');
    const input = { ...journey.copyInput, source: { kind: 'file' as const, path: '/nowhere/disk.raw' } };
    expect(await failing(actor.activities.copyDisk(input))).toMatchObject({
      code: 'copy-failed',
      failureClass: 'failed',
    });
  });

  test('a source that an operator replaced is copied from its begin: windows of two sources are never mixed', async () => {
    await journey.runBefore(actor, 'copyDisk');
    const first = await actor.activities.copyDisk(journey.copyInput);
    const other = `${journey.source}.other`;
    await copyFile(journey.source, other);
    const file = await open(other, 'r+');
    await file.write(Buffer.from('another disk'), 0, 12, 500_000);
    await file.close();
    const replaced = { ...journey.copyInput, source: { kind: 'file' as const, path: other }, sourceRevision: 1 };
    const second = await actor.activities.copyDisk(replaced);
    expect(second.sourceHash).not.toBe(first.sourceHash);
    const verified = await actor.activities.verifyDisk(journey.exportInput);
    expect(verified).toEqual({ sourceHash: second.sourceHash, targetHash: second.sourceHash });
  });

  test('a volume is torn from the begin of the next copy on', async () => {
    await journey.runThrough(actor, 'verifyDisk');
    await journey.run(actor, 'beginCopy');
    const record = await world.database.repositories.volumes.get(journey.volumeInput.volumeId);
    expect(record?.verifiedHash).toBeUndefined();
    expect((await dataVolumes())[0]).toMatchObject({ deleteProtection: true, tags: { [volumeTagKeys.data]: 'begun' } });
  });

  test('the census sees everything that a run has there', async () => {
    await journey.runThrough(actor, 'openExport');
    const census = await takeCensus(world, vm);
    expect(census).toMatchObject({
      volumes: [expect.stringContaining(vm.applianceId)],
      devices: [expect.stringContaining('plugged into'), expect.stringContaining('as ')],
      exports: [`migration-vol-${journey.volumeInput.volumeId}`],
    });
    expect(census.rows.map((row) => row.split(':')[0])).toEqual(['disks', 'exports', 'mappings', 'volumes']);
  });
});
