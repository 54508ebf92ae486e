import { appendFile, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { demoApplianceId } from '../../stack/local-stack';
import { localSite } from '../../stack/state-folder';
import { script } from '../support/failover-hooks';
import { type FailoverWorld, startFailoverWorld } from '../support/failover-world';
import { leftovers } from '../support/live-rows';
import { type SourceVm, sourceVm } from '../support/source-vm';

let world: FailoverWorld;
let vm: SourceVm;
let folder: string;
const key = () => ({ site: localSite, sourceId: 'vcenter-qc', sourceVmId: vm.id });

beforeAll(async () => {
  world = await startFailoverWorld((directory) => {
    folder = directory;
    const told = `echo "$DISKFERRY_PURPOSE $DISKFERRY_FAILOVER_KIND" >>${directory}/told`;
    return {
      hooks: new Map([
        ['stop', script(told)],
        ['start', script(told)],
        ['broken', script(`${told}; printf broken | dd of="$DISKFERRY_BOOT_DEVICE" conv=notrunc status=none; exit 1`)],
        // Not well when it is asked for the first time.
        [
          'answers',
          script(`${told}; echo "$DISKFERRY_FAILOVER_VM_NAME"; test $(grep -c health ${directory}/told) -ge 2`),
        ],
      ]),
      // With the interface of virt-v2v-in-place: it reads where the disks are, and writes the first.
      convert: {
        command: [
          'sh',
          '-euc',
          `${told}; sed -n "s/.*source file='\\(.*\\)'.*/\\1/p" "$3" | head -1 | { read -r d; printf converted | dd of="$d" conv=notrunc status=none; }`,
          'v2v',
        ],
        timeoutMs: 30_000,
      },
    };
  });
  vm = await sourceVm(world.stack, 2, { dataMib: 1, sizeMib: 128 });
}, 120_000);
afterAll(async () => {
  await vm.stop();
  await world.close();
}, 60_000);

const request = (guest: Record<string, unknown>, changes: Record<string, unknown> = {}) => ({
  schemaVersion: 1,
  site: localSite,
  source: { id: 'vcenter-qc', vm: vm.id, name: `vm-${vm.id.slice(0, 8)}` },
  appliance: demoApplianceId,
  kind: 'live',
  target: {
    name: `h-${vm.id.slice(0, 8)}`,
    serviceOffering: 'appliance-2c4g',
    template: 'debian-12',
    networks: [{ network: 'l2-admin' }],
  },
  quiesce: { by: 'hook', hook: 'stop', resumeHook: 'start' },
  guest,
  health: { hook: 'answers', within: '20s' },
  budgets: { stepAttempts: 2, stepPause: '100ms', provisioningPause: '100ms' },
  ...changes,
});
const replicate = async (): Promise<void> => {
  const started = await world.replications.start(vm.request());
  const { disks } = await world.replications.result(started.vm, started.runId);
  for (const disk of disks) expect(disk.targetHash).toBe(disk.sourceHash);
};
const generations = async (): Promise<unknown[]> =>
  (await world.repositories.volumes.ofVm(key())).map(({ generation, verifiedHash }) => [
    generation,
    verifiedHash !== undefined,
  ]);
/** What was told to hooks since the last look. */
const told = async (): Promise<string[]> => {
  const lines = (await readFile(path.join(folder, 'told'), 'utf8')).trim().split('\n');
  const since = lines.slice(lines.lastIndexOf('looked') + 1);
  await appendFile(path.join(folder, 'told'), 'looked\n');
  return since;
};
const startOfRoot = async (volumeId: string): Promise<string> => {
  const file = await open(path.join(folder, 'simulator', 'volumes', `${volumeId}.raw`));
  const { buffer } = await file.read({ buffer: Buffer.alloc(9) });
  await file.close();
  return buffer.toString('latin1');
};

describe('a live failover with hooks', () => {
  test('whose guest step fails is taken back and resumes the source; its replicas count no more until they are replicated', async () => {
    await replicate();
    const before = await leftovers(world.stack);
    const failed = await world.failovers.start(request({ kind: 'hook', hook: 'broken' }));
    await expect(world.failovers.result(key(), failed)).rejects.toMatchObject({
      record: { code: 'failover-rolled-back', message: expect.stringContaining('hook broken failed: exit status 1') },
    });
    expect(await told()).toEqual(['quiesce live', 'guest live', 'guest live', 'resume live']);
    const { mappings, claims, links } = await leftovers(world.stack);
    expect({ mappings, claims, links }).toEqual({ mappings: before.mappings, claims: [], links: [] });
    expect(await generations()).toEqual([
      [2, false],
      [2, false],
    ]);
    const again = await world.failovers.start(request({ kind: 'convert' }));
    await expect(world.failovers.result(key(), again)).rejects.toMatchObject({
      record: { code: 'vm-not-verified' },
    });
    // Refused before the source was stopped for it.
    expect(await told()).toEqual([]);
  }, 120_000);

  test('quiesces, syncs, converts the guest on its replicas, and is over when the VM is well', async () => {
    const started = await world.failovers.start(request({ kind: 'convert' }, { finalSync: vm.request() }));
    const { state, disks } = await world.failovers.result(key(), started);
    expect(state).toBe('failed_over');
    expect(await told()).toEqual(['quiesce live', 'guest live', 'health live', 'health live']);
    expect(await startOfRoot(disks[0]?.volumeId ?? '?')).toBe('converted');
    expect(await generations()).toEqual([
      [4, false],
      [4, false],
    ]);
  }, 120_000);
});
