import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { CommandSettings } from '../../activities/hook-settings';
import { makeCopyLocks } from '../../appliance/copy-lock';
import type { PrepareGuestInput } from '../../domain/failover-io';
import { eventually, processesNaming } from '../appliance/support/process-census';
import { type ActivityWorld, type Actor, type ActorOptions, startActivityWorld } from '../support/activity-world';
import { failing } from '../support/failing';
import { prepareInput, script } from '../support/failover-hooks';
import { FailoverJourney } from '../support/failover-journey';
import { inTurn } from '../support/in-turn';

let world: ActivityWorld;
let journey: FailoverJourney;
let healthy: Actor;
let input: PrepareGuestInput;

beforeAll(async () => {
  world = await startActivityWorld();
  journey = await FailoverJourney.begin(world);
  healthy = FailoverJourney.actor(world, journey);
  input = await prepareInput(journey, healthy);
});
afterAll(async () => {
  await world.close();
});

const device = (index: number): string => input.disks[index]?.device.deviceNode ?? '?';
/** The first bytes of a device; it is large. */
async function startOf(deviceNode: string): Promise<string> {
  const file = await open(deviceNode);
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(11) });
  await file.close();
  return buffer.toString('latin1', 0, bytesRead);
}
const begins = (index: number): Promise<string> => startOf(device(index));
const isLocked = async (): Promise<boolean> => {
  const locks = makeCopyLocks(world.exportsDirectory);
  const free = await inTurn(input.disks, ({ volumeId }) => locks.isFree(volumeId));
  return free.every((each) => !each);
};
const recorded = (): Promise<{ generation: number | undefined; hash: string | undefined }[]> =>
  inTurn(input.disks, async ({ volumeId }) => {
    const volume = await world.database.repositories.volumes.get(volumeId);
    return { generation: volume?.generation, hash: volume?.verifiedHash };
  });

/** A process with this guest hook, or with this command to convert guests. */
function actorWith(guest: CommandSettings, more: ActorOptions = {}): Actor {
  return FailoverJourney.actor(world, journey, {
    commands: { hooks: new Map([['guest', guest]]), convert: guest },
    ...more,
  });
}

/** Nothing of a hook runs any more, and the disks are nobody's. */
async function expectQuiet(): Promise<void> {
  expect(await isLocked()).toBe(false);
  expect((await processesNaming(device(0))).filter((each) => !each.includes('nbdkit'))).toEqual([]);
}

test('writes no replica of which its run has no recovery point', async () => {
  const trace = path.join(world.folder, 'ran');
  const failure = await failing(actorWith(script(`touch ${trace}`)).activities.prepareGuest(input));
  expect(failure.message).toContain('neither made it nor a recovery point of it');
  await expect(readFile(trace)).rejects.toThrow('ENOENT');
  for (const { generation, hash } of await recorded())
    expect({ generation, hash }).toEqual({ generation: 1, hash: expect.any(String) });
});

describe('on replicas with a recovery point', () => {
  beforeAll(async () => {
    await journey.takePoint(healthy, 'live', 1);
  });
  beforeEach(expectQuiet);

  test('a hook writes the disks, which are locked and no longer verified by then', async () => {
    const seen: unknown[] = [];
    const write =
      'for d in "$DISKFERRY_DISK_0_DEVICE" "$DISKFERRY_DISK_1_DEVICE"; do printf "%s" "$DISKFERRY_PURPOSE $DISKFERRY_HOOK" | dd of="$d" conv=notrunc status=none; done';
    const actor = actorWith(script(write), {
      failpoint: async (effect, side) => {
        if (effect === 'prepareGuest.run' && side === 'before') seen.push(await isLocked(), await recorded());
      },
    });
    await actor.activities.prepareGuest(input);
    const written = [
      { generation: 2, hash: undefined },
      { generation: 2, hash: undefined },
    ];
    expect(seen).toEqual([true, written]);
    expect(await inTurn([0, 1], begins)).toEqual(['guest guest', 'guest guest']);
    await actor.activities.prepareGuest(input);
    expect(await recorded()).toEqual(written);
  });

  test('a hook that fails says so in its last words, without its secrets', async () => {
    const actor = actorWith(script('echo looking; echo "password=hunter2 is wrong" >&2; exit 4'));
    const failure = await failing(actor.activities.prepareGuest(input));
    expect(failure.code).toBe('guest-step-failed');
    expect(failure.message).toMatch(
      /the guest step hook guest failed: exit status 4: looking \| password=\*\*\* is wrong$/,
    );
    expect(JSON.stringify([failure.record, actor.logged])).not.toContain('hunter2');
    expect(actor.logged).toContainEqual({ message: 'Hook failed', fields: expect.objectContaining({ hook: 'guest' }) });
  });

  test('a hook that hangs is ended in time', async () => {
    const failure = await failing(
      actorWith(script('sleep 600; : "$DISKFERRY_BOOT_DEVICE"', 300)).activities.prepareGuest(input),
    );
    expect(failure.message).toMatch(/it was not done within 300ms and was ended, without a word$/);
  });

  test('what a hook leaves behind is ended, even outside its group, before the disks are given free', async () => {
    const left = 'setsid sh -c "sleep 600; : $0" "$DISKFERRY_BOOT_DEVICE" >/dev/null 2>&1 & sleep 0.2';
    await actorWith(script(left)).activities.prepareGuest(input);
  });

  test('a cancel ends the hook, and is what comes of it', async () => {
    const begun = path.join(world.folder, 'begun');
    const actor = actorWith(script(`touch ${begun}; sleep 600; : "$DISKFERRY_BOOT_DEVICE"`));
    const running = actor.activities.prepareGuest(input);
    await eventually(
      () =>
        readFile(begun).then(
          () => true,
          () => false,
        ),
      'it has begun',
    );
    const reason = new Error('cancelled');
    actor.abort(reason);
    await expect(running).rejects.toBe(reason);
  });

  test('a device that is not what was proven is not written', async () => {
    const trace = path.join(world.folder, 'ran-on-another');
    const [boot, ...others] = input.disks;
    const moved = { ...boot!, device: { ...boot!.device, instance: 'plugged anew' } };
    const failure = await failing(
      actorWith(script(`touch ${trace}`)).activities.prepareGuest({ ...input, disks: [moved, ...others] }),
    );
    expect(failure.code).toBe('device-wrong');
    await expect(readFile(trace)).rejects.toThrow('ENOENT');
  });

  test('a command that is not there says so', async () => {
    const failure = await failing(
      actorWith({ command: ['/nowhere/v2v'], timeoutMs: 5_000 }).activities.prepareGuest({
        ...input,
        guest: { kind: 'convert' },
      }),
    );
    expect(failure.message).toMatch(/the guest step convert failed: exit status 127: .*\/nowhere\/v2v.*No such file/);
  });

  test('a hook that nobody has configured is refused', async () => {
    const failure = await failing(healthy.activities.prepareGuest(input));
    expect(failure.code).toBe('hook-unknown');
  });

  test('convert is called as virt-v2v-in-place is, with the disks in a file, boot disk first', async () => {
    const kept = path.join(world.folder, 'seen.xml');
    // The documented interface: options, then the one file that describes the guest.
    const standIn = `test "$*" = "$1 $2 $3"; test "$1 $2" = "-i libvirtxml"; cp "$3" ${kept}; stat -c %a "$3"; grep -o "/[^']*" "$3" | grep virtio | head -1 | xargs -I{} dd if=/dev/zero of={} bs=1 count=4 conv=notrunc status=none`;
    const actor = actorWith({ command: ['sh', '-euc', standIn, 'v2v'], timeoutMs: 10_000 });
    await actor.activities.prepareGuest({ ...input, guest: { kind: 'convert' }, disks: [...input.disks].reverse() });
    const xml = await readFile(kept, 'utf8');
    expect([...xml.matchAll(/<source file='([^']+)'/g)].map((match) => match[1])).toEqual([device(0), device(1)]);
    expect(await begins(0)).toBe('\0\0\0\0t guest');
    expect(actor.logged).toContainEqual({
      message: 'Hook ended',
      fields: expect.objectContaining({ hook: 'convert', output: '600' }),
    });
    await expect(
      readFile(path.join(world.exportsDirectory, 'guests', `${input.disks[0]?.volumeId ?? ''}.xml`)),
    ).rejects.toThrow('ENOENT');
  });
});

test('on volumes of a test the replicas stay as they are', async () => {
  const before = await recorded();
  await journey.run(healthy, 'restoreVolume');
  const disks = await inTurn(journey.restoreInputs, async ({ diskKey, boot, sizeBytes: volumeBytes }) => {
    const volume = { ...journey.vm, attempt: 1, diskKey, volumeId: journey.restored.get(diskKey) ?? '?', volumeBytes };
    await healthy.activities.attachVolume(volume);
    return {
      diskKey,
      boot,
      volumeId: volume.volumeId,
      volumeBytes,
      device: await healthy.activities.resolveDevice(volume),
    };
  });
  const actor = actorWith(
    script('printf "$DISKFERRY_FAILOVER_KIND" | dd of="$DISKFERRY_BOOT_DEVICE" conv=notrunc status=none'),
  );
  await actor.activities.prepareGuest({ ...input, kind: 'test', disks });
  expect(await startOf(disks[0]!.device.deviceNode)).toMatch(/^test/);
  expect(await recorded()).toEqual(before);
});

describe('a health hook', () => {
  const ask = (hook: CommandSettings, withinMs: number): Promise<void> =>
    FailoverJourney.actor(world, journey, { commands: { hooks: new Map([['ping', hook]]) } }).activities.runHook({
      ...{ ...journey.vm, hook: 'ping', purpose: 'health', kind: 'test', withinMs },
      ...{ failoverVmId: journey.vm.applianceId, failoverVmName: 'pgtest1-x' },
    });

  test('is asked until it is content', async () => {
    const tries = path.join(world.folder, 'tries');
    await ask(script(`echo "$DISKFERRY_FAILOVER_VM_NAME" >>${tries}; test $(wc -l <${tries}) = 3`), 20_000);
    expect(await readFile(tries, 'utf8')).toBe('pgtest1-x\n'.repeat(3));
  });

  test('that is not content in time fails in its last words', async () => {
    const failure = await failing(ask(script('echo "no route to $DISKFERRY_FAILOVER_VM_NAME"; exit 7'), 200));
    expect(failure.code).toBe('hook-failed');
    expect(failure.message).toMatch(
      /hook ping \(health\) failed: not well within 200ms; at last exit status 7: no route to pgtest1-x$/,
    );
  });
});
