import { userInfo } from 'node:os';
import { readFile, writeFile } from 'node:fs/promises';
import { type Connection, createConnection } from 'mysql2/promise';
import { localSite } from '../../stack/state-folder';
import { loadConfiguration } from '../../worker/config';
import { openSite } from '../../worker/site-access';
import { everyForm, giveEveryForm, makeOlderInstallation, older, pgtest2 } from './older-installation';
import type { TestStack } from './stack';
import { until } from './until';

export const OLDER_DATABASE = 'migratekit_oma';
/** VM that stands beside the appliance, with a disk that is nobody's business. */
const NEIGHBOUR = '7d0f4a52-6c1e-4f0b-8a55-2b1f3c9e6d42';
const DAEMON = "'oma_user'@'127.0.0.1'";
const WRITES = 'INSERT, UPDATE, DELETE';

/** The installation of job sheet VD-2025-0928-001 as it was found, on a stack whose worker was not started yet. */
export interface BrokenInstallation {
  /** for `adopt --from`; the password is the second */
  readonly from: string;
  readonly password: string;
  /** Runs SQL in the older system's database as the server's root. */
  sql(statement: string): Promise<Record<string, unknown>[]>;
  /** All rows of all tables that there are, by table. */
  rows(): Promise<Record<string, unknown>>;
  /** Other people's things: volumes and VMs of CloudStack, rows of the database. */
  foreign(): Promise<unknown>;
  /** volume id → VM id, of the older installation's volumes, as CloudStack says */
  attachments(): Promise<Record<string, string | null>>;
  close(): Promise<void>;
}

interface World {
  readonly volumes: readonly { readonly id: string; readonly virtualMachineId: string | null }[];
  readonly machines: readonly {
    readonly id: string;
    readonly devices: readonly unknown[];
    readonly plugged: readonly string[];
  }[];
}

/**
 * Makes it: pgtest1's first volume mapped by the path without a volume, the second attached in CloudStack and mapped nowhere, the failed
 * operation, the stuck job, the older daemon's account; beside it what is other people's. The stack's configuration names that database
 * afterwards.
 *
 * @param forms - `every`: no mapping is missing; four disks, in all forms of path, and a second VM
 */
export async function makeBrokenInstallation(
  stack: TestStack,
  forms: 'shipped' | 'every' = 'shipped',
): Promise<BrokenInstallation> {
  const root = await createConnection({
    socketPath: stack.folder.path('mariadb', 'mariadb.sock'),
    user: userInfo().username,
  });
  const password = stack.folder.databasePassword;
  for (const statement of [
    `CREATE DATABASE ${OLDER_DATABASE} CHARACTER SET utf8mb4`,
    `GRANT ALL ON ${OLDER_DATABASE}.* TO 'diskferry'@'127.0.0.1'`,
    `CREATE USER 'adopter'@'127.0.0.1' IDENTIFIED BY '${password}'`,
    `GRANT ALL ON ${OLDER_DATABASE}.* TO 'adopter'@'127.0.0.1'`,
    `GRANT SELECT ON mysql.* TO 'adopter'@'127.0.0.1'`,
    `GRANT PROCESS ON *.* TO 'adopter'@'127.0.0.1'`,
    `CREATE USER ${DAEMON} IDENTIFIED BY 'older'`,
    `GRANT SELECT, ${WRITES} ON ${OLDER_DATABASE}.* TO ${DAEMON}`,
    `USE ${OLDER_DATABASE}`,
  ]) {
    await root.query(statement);
  }
  const db = { query: async <T>(statement: string) => (await rowsOf(root, statement)) as T[] };
  await makeOlderInstallation(db, 'shipped');
  if (forms === 'every') await giveEveryForm(db);
  await root.query('CREATE TABLE asset_register (id INT PRIMARY KEY, owner VARCHAR(64), remark TEXT)');
  await root.query("INSERT INTO asset_register VALUES (1, 'accounting', 'not of any replication'), (2, 'lab', NULL)");
  // From outside of the database, so that nobody counts as connected to it.
  await root.query('USE information_schema');

  const ours: readonly string[] =
    forms === 'every' ? [...everyForm.map(({ volumeId }) => volumeId), pgtest2.volumeId] : [older.root, older.data];
  const theirs = await makeVolumes(stack, ours);
  const world = async (): Promise<World> => (await stack.census()) as World;
  // The link of a disk comes a moment after the disk: only then is this what was found.
  await until(async () => (await world()).machines.every(({ devices, plugged }) => devices.length === plugged.length));
  const file = stack.folder.configurationFile;
  await writeFile(file, (await readFile(file, 'utf8')).replace(/(:\d+)\/diskferry"/, `$1/${OLDER_DATABASE}"`));

  const tables = async (): Promise<string[]> =>
    (await rowsOf(root, `SHOW TABLES FROM ${OLDER_DATABASE}`)).map((row) => String(Object.values(row)[0])).sort();
  const read = (table: string) => rowsOf(root, `SELECT * FROM ${OLDER_DATABASE}.${table} ORDER BY 1`);
  return {
    from: `mysql://adopter@127.0.0.1:${String(stack.folder.ports.mariadb)}/${OLDER_DATABASE}`,
    password,
    sql: async (statement) => {
      await root.query(`USE ${OLDER_DATABASE}`);
      try {
        return await rowsOf(root, statement);
      } finally {
        await root.query('USE information_schema');
      }
    },
    rows: async () =>
      Object.fromEntries(await Promise.all((await tables()).map(async (name) => [name, await read(name)] as const))),
    foreign: async () => {
      const { volumes, machines } = await world();
      return {
        volumes: volumes.filter(({ id }) => theirs.includes(id)),
        neighbour: machines.find(({ id }) => id === NEIGHBOUR),
        register: await read('asset_register'),
      };
    },
    attachments: async () =>
      Object.fromEntries(
        (await world()).volumes
          .filter(({ id }) => ours.includes(id))
          .map(({ id, virtualMachineId }) => [id, virtualMachineId]),
      ),
    close: () => root.end(),
  };
}

/** pgtest1's volumes, by the ids of the older rows, on the appliance; and other people's, some with names like ours. Ids of those. */
async function makeVolumes(stack: TestStack, ours: readonly string[]): Promise<string[]> {
  const configuration = await loadConfiguration(stack.folder.configurationFile);
  const { api } = await openSite(configuration, configuration.sites.get(localSite)!);
  const finish = async (jobId: string): Promise<void> => {
    const job = await api.waitForJob(jobId);
    if (job?.jobstatus !== 1) throw new Error(`job ${jobId}: ${JSON.stringify(job)}`);
  };
  try {
    const [zone] = await api.listZones({});
    const [offering] = await api.listDiskOfferings({ name: 'replica-custom' });
    const make = async (name: string, sizeGib: number, on?: string, customId?: string): Promise<string> => {
      const made = await api.createVolume({
        name,
        zoneId: zone!.id,
        diskOfferingId: offering!.id,
        sizeGib,
        ...(customId && { customId }),
      });
      await finish(made.jobId);
      if (on !== undefined) await finish((await api.attachVolume({ id: made.id, virtualMachineId: on })).jobId);
      return made.id;
    };
    for (const [index, id] of ours.entries()) {
      await make(`migration-pgtest1-pgtest1-disk-${String(index)}`, index === 0 ? 107 : 10, older.appliance, id);
    }
    return [
      await make('migration-pgtest1-pgtest1-disk-9', 1),
      await make('diskferry-pgtest1-2001-eeeeeeee', 1),
      await make('accounting-data', 1, NEIGHBOUR),
    ];
  } finally {
    await api.close();
  }
}

async function rowsOf(connection: Connection, statement: string): Promise<Record<string, unknown>[]> {
  const [rows] = await connection.query(statement);
  return rows as Record<string, unknown>[];
}
