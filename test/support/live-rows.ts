import { createConnection } from 'mysql2/promise';
import { readdir } from 'node:fs/promises';
import type { TestStack } from './stack';

/** Runs SQL on a stack's database, as an operator would. */
export async function query(stack: TestStack, sql: string): Promise<Record<string, unknown>[]> {
  const connection = await createConnection({
    host: '127.0.0.1',
    port: stack.folder.ports.mariadb,
    user: 'diskferry',
    password: stack.folder.databasePassword,
    database: 'diskferry',
  });
  try {
    const [rows] = await connection.query(sql);
    return rows as Record<string, unknown>[];
  } finally {
    await connection.end();
  }
}

/** Everything that a run could leave over, in database, CloudStack, guest, exports and locks. */
export interface Leftovers {
  readonly mappings: unknown[];
  readonly exports: unknown[];
  readonly slots: unknown[];
  readonly claims: unknown[];
  readonly unfinished: unknown[];
  readonly volumes: unknown[];
  readonly pendingJobs: unknown[];
  readonly devices: unknown[];
  readonly links: string[];
}

interface World {
  readonly volumes: { readonly name: string; readonly type: string }[];
  readonly pendingJobs: unknown[];
  readonly machines: { readonly devices: { readonly links: string[] }[] }[];
}

export async function leftovers(stack: TestStack): Promise<Leftovers> {
  const world = (await stack.census()) as World;
  const links = await Promise.all(
    (await readdir(stack.folder.path('exports'))).map((id) => readdir(stack.folder.path('exports', id, 'local'))),
  );
  return {
    mappings: await query(stack, 'SELECT device_path FROM device_mappings'),
    exports: await query(stack, 'SELECT export_name FROM nbd_exports'),
    slots: await query(stack, 'SELECT * FROM appliance_slots'),
    claims: await query(stack, 'SELECT * FROM vm_claims WHERE workflow_id IS NOT NULL'),
    unfinished: await query(stack, "SELECT id, kind FROM volume_operations WHERE state = 'recorded'"),
    volumes: world.volumes.filter((volume) => volume.type === 'DATADISK'),
    pendingJobs: world.pendingJobs,
    devices: world.machines.flatMap((machine) => machine.devices.filter((device) => device.links.length > 0)),
    links: links.flat(),
  };
}

export const nothing: Leftovers = {
  mappings: [],
  exports: [],
  slots: [],
  claims: [],
  unfinished: [],
  volumes: [],
  pendingJobs: [],
  devices: [],
  links: [],
};
