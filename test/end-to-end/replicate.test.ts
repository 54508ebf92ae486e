import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { runJobSheetQueries } from '../../stack/job-sheet-queries';
import { demoApplianceId } from '../../stack/local-stack';
import { leftovers, nothing, query } from '../support/live-rows';
import { resultOf, sourceVm } from '../support/source-vm';
import type { TestStack } from '../support/stack';
import { startTestStack } from '../support/stack';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
}, 120_000);
afterAll(() => stack.stop(), 60_000);

describe('replicated through a real Temporal server, MariaDB and nbdkit', () => {
  test('a VM of two disks gets two device paths, and a duplicate by hand is refused by the database', async () => {
    const vm = await sourceVm(stack, 2);
    try {
      const result = resultOf(await vm.replicate());
      expect(result.state).toBe('replicated');
      for (const disk of result.disks) {
        expect(disk.devicePath).toBe(`remote-vm-${demoApplianceId}-${disk.volumeId ?? '?'}`);
        expect(disk.exportName).toBe(`migration-vol-${disk.volumeId ?? '?'}`);
        expect(disk.sourceHash).toMatch(/^sha256-1GiB:[0-9a-f]{64}$/);
        expect(disk.targetHash).toBe(disk.sourceHash);
      }
      expect(new Set(result.disks.map((disk) => disk.sourceHash)).size).toBe(2);

      const queries = await runJobSheetQueries({
        port: stack.folder.ports.mariadb,
        password: stack.folder.databasePassword,
      });
      expect(queries.duplicates.rows).toEqual([]);
      expect(queries.mappings.rows.flat().sort()).toEqual(
        result.disks.flatMap((disk) => [disk.devicePath, disk.volumeId]).sort(),
      );
      await expect(
        query(
          stack,
          `INSERT INTO device_mappings (device_path, vm_id, volume_uuid, device_node, size_bytes)
           SELECT device_path, vm_id, UUID(), 'elsewhere', size_bytes FROM device_mappings LIMIT 1`,
        ),
      ).rejects.toThrow(/Duplicate entry .*unique_device_path/);

      // Afterwards the exports are closed until the next run; nothing else is held.
      const left = await leftovers(stack);
      expect({ ...left, mappings: [], slots: [], volumes: [], devices: [] }).toEqual(nothing);
      expect([left.mappings.length, left.slots.length, left.volumes.length, left.devices.length]).toEqual([2, 2, 2, 2]);

      const log = await readFile(stack.folder.logFile('worker'), 'utf8');
      const created = log.split('\n').filter((line) => line.includes('Device mapping created successfully'));
      expect(created).toHaveLength(2);
      for (const disk of result.disks) {
        expect(created.filter((line) => line.includes(disk.devicePath ?? '?'))).toHaveLength(1);
      }
      expect(log).not.toContain("Duplicate entry 'remote-vm-");
      expect(log).not.toContain('mapping creation failed');

      const released = await stack.diskferry('release', vm.id, '--json');
      expect(released.exitCode).toBe(0);
      const after = await leftovers(stack);
      expect({ ...after, volumes: [] }).toEqual(nothing);
      // The volumes stay, with their data; only what was named is deleted.
      expect(after.volumes).toHaveLength(2);
    } finally {
      await vm.stop();
    }
  }, 120_000);

  test('VMs of one, three and six disks at the same time, to one appliance, by the same code', async () => {
    const vms = await Promise.all([1, 3, 6].map((count) => sourceVm(stack, count, { dataMib: 1 })));
    try {
      const results = await Promise.all(vms.map(async (vm) => resultOf(await vm.replicate())));
      expect(results.map((result) => result.disks.length)).toEqual([1, 3, 6]);
      const paths = results.flatMap((result) => result.disks.map((disk) => disk.devicePath));
      expect(new Set(paths).size).toBe(10);
      for (const result of results) {
        for (const disk of result.disks) expect(disk.targetHash).toBe(disk.sourceHash);
      }
      const rows = await query(stack, 'SELECT device_path FROM device_mappings');
      expect(rows.map((row) => row['device_path']).sort()).toEqual([...paths].sort());
      for (const vm of vms) {
        const mine = results[vms.indexOf(vm)]?.disks.map((disk) => disk.volumeId ?? '?') ?? [];
        const released = await stack.diskferry('release', vm.id, '--delete-volumes', ...mine, '--json');
        expect(released.stderr + released.stdout).not.toContain('"error"');
        expect(released.exitCode).toBe(0);
      }
      const left = await leftovers(stack);
      expect({ ...left, volumes: [] }).toEqual(nothing);
    } finally {
      for (const vm of vms) await vm.stop();
    }
  }, 240_000);
});
