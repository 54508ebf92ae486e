import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import type { DoctorReport } from '../../doctor/report';
import type { Volume } from '../../cloudstack/api';
import type { RepairOutcome } from '../../domain/repair-io';
import { reconcileScheduleId, reconcileWorkflowId } from '../../domain/names';
import type { ReconcileSiteOutput } from '../../domain/reconcile-io';
import { tableNames } from '../../database/schema';
import { demoApplianceId as APPLIANCE } from '../../stack/local-stack';
import { ownEnvironment } from '../../stack/own-process';
import { localSite } from '../../stack/state-folder';
import { loadConfiguration } from '../../worker/config';
import { openSite, type SiteAccess } from '../../worker/site-access';
import { runCli } from '../../client/cli';
import type { CliRun } from '../client/support';
import { type ForeignThings, plantForeignThings } from '../support/foreign-things';
import { query } from '../support/live-rows';
import { resultOf, type SourceVm, sourceVm } from '../support/source-vm';
import { startTestStack, type TestStack } from '../support/stack';
import { until } from '../support/until';

/**
 * One broken installation with real parts, from what doctor finds to what repair leaves: a replicated VM whose attachment and mapping
 * were changed by hand, the dead run of the job sheet beside it, a volume that nobody recorded, and other people's things.
 */
const OPERATION = 'eb5032e1-8461-49ea-8756-3e4fa4000399';
const DEAD_VM = '420570c7-f61f-a930-77c5-1e876786cb3c';
const DEAD_RUN = randomUUID();
const DEAD_WORKFLOW = `replicate-vm/${localSite}/vcenter-qc/${DEAD_VM}`;

let stack: TestStack;
let cloud: SiteAccess;
let vm: SourceVm;
let replicas: string[];
let attached: string;
let orphan: string;
let theirs: string;

/** A command line in this process: starting another takes longer than what most of them do. */
const run = (...args: string[]): Promise<CliRun> => runWith({}, ...args, '--state', stack.folder.directory);

async function runWith(env: NodeJS.ProcessEnv, ...args: string[]): Promise<CliRun> {
  const written = { stdout: '', stderr: '' };
  const exitCode = await runCli(args, {
    stdout: { write: (text: string) => ((written.stdout += text), true) },
    stderr: { write: (text: string) => ((written.stderr += text), true) },
    env: { ...ownEnvironment(process.env), ...env },
    patienceMs: 10_000,
  });
  return { exitCode, ...written };
}
const doctor = async (): Promise<string[]> => {
  const { stdout } = await run('doctor', '--json');
  return (JSON.parse(stdout) as DoctorReport).findings.map(({ id }) => id).sort();
};
const outcomesOf = ({ stdout }: CliRun): Record<string, string> =>
  Object.fromEntries(
    (JSON.parse(stdout) as { outcomes: RepairOutcome[] }).outcomes.map(({ findingId, outcome }) => [
      findingId,
      outcome,
    ]),
  );
/** Every row of every table. */
const rowsNow = async (): Promise<Record<string, unknown>> =>
  Object.fromEntries(
    await Promise.all(tableNames.map(async (table) => [table, await query(stack, `SELECT * FROM ${table}`)] as const)),
  );

async function withTemporal<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: `127.0.0.1:${String(stack.folder.ports.temporal)}` });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

/** The site's schedule would end the record of the dead run by itself, some time within this test. */
async function pauseReconciliation(): Promise<void> {
  await withTemporal(async ({ schedule }) => {
    await until(() =>
      schedule
        .getHandle(reconcileScheduleId(localSite))
        .pause('a test')
        .then(
          () => true,
          () => false,
        ),
    );
  });
}

/** Has the site's schedule act now. @returns what its workflow came to */
async function reconcileNow(): Promise<ReconcileSiteOutput> {
  return await withTemporal(async ({ schedule, workflow }) => {
    const handle = schedule.getHandle(reconcileScheduleId(localSite));
    // A schedule ends the id of each workflow that it starts with the time.
    const started = async (): Promise<string[]> =>
      (await handle.describe()).info.recentActions.map(({ action }) => action.workflow.workflowId);
    const before = await started();
    await handle.trigger();
    let workflowId = '';
    await until(async () => (workflowId = (await started()).find((each) => !before.includes(each)) ?? '') !== '');
    return (await workflow.getHandle(workflowId).result()) as ReconcileSiteOutput;
  });
}

/** Lines of the worker's log that say a finding. */
async function loggedFindings(): Promise<Record<string, unknown>[]> {
  const lines = (await readFile(stack.folder.logFile('worker'), 'utf8')).split('\n');
  return lines
    .filter((line) => line.startsWith('{') && line.includes('"finding":'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function finish(jobId: string): Promise<void> {
  expect((await cloud.api.waitForJob(jobId))?.jobstatus).toBe(1);
}

async function makeVolume(name: string, tags?: Record<string, string>): Promise<string> {
  const [zone] = await cloud.api.listZones({});
  const [offering] = await cloud.api.listDiskOfferings({ name: 'replica-custom' });
  const made = await cloud.api.createVolume({ name, zoneId: zone!.id, diskOfferingId: offering!.id, sizeGib: 1 });
  await finish(made.jobId);
  if (tags !== undefined) {
    await finish((await cloud.api.createTags({ resourceType: 'Volume', resourceIds: [made.id], tags })).jobId);
  }
  return made.id;
}

const listed = async (id: string): Promise<Volume | undefined> => (await cloud.api.listVolumes({ id }))[0];

beforeAll(async () => {
  stack = await startTestStack();
  const configuration = await loadConfiguration(stack.folder.configurationFile);
  cloud = await openSite(configuration, configuration.sites.get(localSite)!);
  await pauseReconciliation();
  vm = await sourceVm(stack, 2, { dataMib: 1, sizeMib: 128 });
  replicas = resultOf(await vm.replicate()).disks.map(({ volumeId }) => volumeId!);
}, 180_000);

afterAll(async () => {
  await cloud.api.close();
  await vm.stop();
  await stack.stop();
}, 60_000);

test('after a whole replication there is nothing to find', async () => {
  expect(await run('doctor')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('All well.'), stderr: '' });
  const { doctor: looked } = await reconcileNow();
  expect(looked).toMatchObject({
    findings: { critical: 0, error: 0, warning: 0, info: 0 },
    gravest: [],
    notCompared: [],
  });
}, 60_000);

describe('a broken installation', () => {
  let foreign: ForeignThings;
  let untouched: unknown;
  /** After each repair, of whichever kind: other people's volumes, snapshots, VMs and rows are as they were. */
  afterEach(async () => {
    expect(await foreign.census()).toEqual(untouched);
  });

  beforeAll(async () => {
    foreign = await plantForeignThings(stack, cloud.api, makeVolume);
    untouched = await foreign.census();
    const [root, data] = replicas;
    await finish((await cloud.api.detachVolume({ id: data! })).jobId);
    await query(stack, `DELETE FROM device_mappings WHERE volume_uuid = '${root!}'`);

    const tags = {
      'diskferry-owner': DEAD_WORKFLOW,
      'diskferry-vm': `${localSite}/vcenter-qc/${DEAD_VM}`,
      'diskferry-disk': '2001',
    };
    attached = await makeVolume('diskferry-pgtest1-2001-0a1b2c3d', tags);
    await finish((await cloud.api.attachVolume({ id: attached, virtualMachineId: APPLIANCE })).jobId);
    orphan = await makeVolume('diskferry-pgtest1-2001-ffffffff', tags);
    theirs = await makeVolume('diskferry-pgtest1-2001-eeeeeeee');
    const ofVm = `'${localSite}', 'vcenter-qc', '${DEAD_VM}'`;
    const run = `'${DEAD_WORKFLOW}', '${DEAD_RUN}'`;
    const then = 'UTC_TIMESTAMP(3) - INTERVAL 1 HOUR';
    await query(
      stack,
      `INSERT INTO volumes (site, source_id, source_vm_id, volume_id, volume_name, disk_key, size_bytes, created_by_workflow_id,
         created_by_first_run_id, copy_begun, generation, created_at)
       VALUES (${ofVm}, '${attached}', 'diskferry-pgtest1-2001-0a1b2c3d', 2001, 1073741824, ${run}, 0, 1, ${then})`,
    );
    await query(
      stack,
      `INSERT INTO replication_jobs (site, source_id, source_vm_id, workflow_id, first_run_id, vm_name, appliance_id, request_id,
         request_digest, phase, started_at, updated_at)
       VALUES (${ofVm}, ${run}, 'pgtest1', '${APPLIANCE}', '${randomUUID()}', 'd', 'provisioning', ${then}, ${then})`,
    );
    await query(
      stack,
      `INSERT INTO volume_operations (site, source_id, source_vm_id, workflow_id, first_run_id, id, kind, disk_key, attempt, volume_id,
         vm_id, chose_volume_id, state, failure, doubtful, run_id, activity_id, epoch, created_at, updated_at)
       VALUES (${ofVm}, ${run}, '${OPERATION}', 'attach', 2001, 1, '${attached}', '${APPLIANCE}', 0, 'failed',
         'Duplicate entry for key unique_device_path', 0, '${DEAD_RUN}', '1', 1, ${then}, ${then})`,
    );
  }, 60_000);

  test('doctor finds exactly what was broken, and changes nothing', async () => {
    const before = { rows: await rowsNow(), world: await stack.census() };
    expect(await doctor()).toEqual(
      [
        `mapping-without-attachment/${replicas[1]!}`,
        `attachment-without-mapping/${replicas[0]!}`,
        `attachment-without-mapping/${attached}`,
        `failed-operation/${OPERATION}`,
        `job-without-workflow/${DEAD_RUN}`,
        `orphan-volume/${orphan}`,
      ].sort(),
    );
    expect((await run('doctor', '--severity', 'critical')).exitCode).toBe(0);
    expect((await run('doctor')).exitCode).toBe(4);
    expect({ rows: await rowsNow(), world: await stack.census() }).toEqual(before);
  }, 60_000);

  test('repair shows its plan and changes nothing; a name that fits nothing is refused', async () => {
    const before = { rows: await rowsNow(), world: await stack.census() };
    const shown = await run('repair', localSite, OPERATION);
    expect(shown).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`detach volume ${attached}`) });
    expect(shown.stdout).toContain('Nothing was changed');
    expect(await run('repair', 'no-such-thing')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/finding-unknown/),
    });
    expect({ rows: await rowsNow(), world: await stack.census() }).toEqual(before);
  }, 60_000);

  test('a repair whose worker is killed goes on; a second one meanwhile is refused; foreign things stay', async () => {
    const theirsBefore = [await listed(theirs), await listed(orphan)];
    await stack.addFaults({ kind: 'delay', command: 'detachVolume', where: 'work', ms: 5_000, times: 1 });
    const first = run('repair', localSite, OPERATION, '--apply', '--json');
    const atWork = `SELECT id FROM volume_operations WHERE state = 'recorded' AND site = '${localSite}'`;
    await until(async () => (await query(stack, atWork)).length > 0);
    // The VM is being worked on, so that nothing of it is judged; whoever holds it is named.
    const second = await run('repair', localSite, OPERATION, '--apply');
    expect(second).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`repair-vm/${localSite}/`) });
    await stack.part('worker').kill9({ stayDown: true });
    await stack.part('worker').start();
    const ended = await first;
    expect(outcomesOf(ended)).toEqual({ [`failed-operation/${OPERATION}`]: 'mended' });
    expect(ended.exitCode).toBe(0);
    // named, and recorded as empty: it is gone
    expect(await listed(attached)).toBeUndefined();
    expect([await listed(theirs), await listed(orphan)]).toEqual(theirsBefore);
  }, 120_000);

  test('two repairs at once mend the rest once, but for the orphan, which wants to be named', async () => {
    const both = await Promise.all([run('repair', '--apply', '--json'), run('repair', '--apply', '--json')]);
    const outcomes = both.map(outcomesOf);
    const rest = [
      `job-without-workflow/${DEAD_RUN}`,
      `mapping-without-attachment/${replicas[1]!}`,
      `attachment-without-mapping/${replicas[0]!}`,
    ];
    for (const id of rest) {
      const ends = outcomes.map((each) => each[id]);
      expect(ends).toContain('mended');
      expect(['mended', 'gone-already', 'refused', undefined]).toEqual(expect.arrayContaining(ends));
      expect(ends.filter((end) => end === 'mended')).toHaveLength(1);
    }
    expect(outcomes.flatMap((each) => Object.keys(each)).filter((id) => !rest.includes(id))).toEqual([]);
    const here = `WHERE vm_id = '${APPLIANCE}'`;
    expect(await query(stack, `SELECT volume_uuid FROM device_mappings ${here}`)).toEqual([
      { volume_uuid: replicas[0] },
    ]);
    const held = `SELECT * FROM vm_claims WHERE site = '${localSite}' AND workflow_id IS NOT NULL`;
    expect(await query(stack, held)).toEqual([]);
    // the replica that was detached by hand is kept with its data
    expect((await listed(replicas[1]!))?.virtualmachineid).toBeUndefined();
    expect(await doctor()).toEqual([`orphan-volume/${orphan}`]);
  }, 120_000);

  test('named, the orphan is deleted, and nothing else', async () => {
    expect(outcomesOf(await run('repair', `orphan-volume/${orphan}`, '--apply', '--json'))).toEqual({
      [`orphan-volume/${orphan}`]: 'mended',
    });
    expect(await listed(orphan)).toBeUndefined();
    expect((await listed(theirs))?.name).toBe('diskferry-pgtest1-2001-eeeeeeee');
    expect(await doctor()).toEqual([]);
  }, 60_000);

  test('every other kind is mended too: what is on nothing, half removed, unfinished or given up', async () => {
    const [mapped, detached] = replicas;
    const deadRun = randomUUID();
    const ofDead = `'${localSite}', 'vcenter-qc', '${DEAD_VM}', '${DEAD_WORKFLOW}', '${deadRun}'`;
    const keys = 'site, source_id, source_vm_id, workflow_id, first_run_id';
    const then = 'UTC_TIMESTAMP(3) - INTERVAL 1 HOUR';
    const tags = { 'diskferry-owner': DEAD_WORKFLOW, 'diskferry-vm': `${localSite}/vcenter-qc/${DEAD_VM}` };
    const givenUp = await makeVolume('diskferry-pgtest1-2000-0a0a0a0a', { ...tags, 'diskferry-disk': '2000' });
    const unfinished = await makeVolume('diskferry-pgtest1-2001-0b0b0b0b', { ...tags, 'diskferry-disk': '2001' });
    for (const [volumeId, key, maker] of [
      [givenUp, 2000, deadRun],
      [unfinished, 2001, randomUUID()],
    ] as const) {
      await query(
        stack,
        `INSERT INTO volumes (site, source_id, source_vm_id, created_by_workflow_id, created_by_first_run_id, volume_id, volume_name,
           disk_key, size_bytes, copy_begun, generation, created_at)
         VALUES ('${localSite}', 'vcenter-qc', '${DEAD_VM}', '${DEAD_WORKFLOW}', '${maker}', '${volumeId}', 'diskferry-x', ${String(key)},
           1073741824, 0, 1, ${then})`,
      );
    }
    await query(
      stack,
      `INSERT INTO replication_jobs (${keys}, vm_name, appliance_id, request_id, request_digest, phase, started_at, updated_at, ended_at)
       VALUES (${ofDead}, 'pgtest1', '${APPLIANCE}', '${randomUUID()}', 'd', 'abandoned', ${then}, ${then}, ${then})`,
    );
    const operation = randomUUID();
    await query(
      stack,
      `INSERT INTO volume_operations (${keys}, id, kind, disk_key, attempt, volume_id, vm_id, chose_volume_id, state, doubtful, run_id,
         activity_id, epoch, created_at, updated_at)
       VALUES (${ofDead}, '${operation}', 'attach', 2001, 1, '${unfinished}', '${APPLIANCE}', 0, 'recorded', 0, '${deadRun}', '1', 1, ${then},
         ${then})`,
    );
    await query(
      stack,
      `INSERT INTO nbd_exports (volume_id, export_name, appliance_id, device_node, state, owner_workflow_id, created_at)
       SELECT volume_uuid, CONCAT('migration-vol-', volume_uuid), vm_id, device_node, 'open', owner_workflow_id, ${then}
       FROM device_mappings WHERE volume_uuid = '${mapped!}'`,
    );
    await symlink('/dev/null', stack.folder.path('exports', APPLIANCE, 'local', `migration-vol-${detached!}`));
    const point = randomUUID();
    const taken = await cloud.api.createSnapshot({
      volumeId: mapped!,
      name: `diskferry-left-2000-${point.slice(0, 8)}`,
    });
    await finish(taken.jobId);
    await query(
      stack,
      `INSERT INTO recovery_points (site, source_id, source_vm_id, workflow_id, first_run_id, id, purpose, state, created_at)
       VALUES ('${localSite}', 'vcenter-qc', '${vm.id}', 'replicate-vm/x', '${deadRun}', '${point}', 'cycle', 'removing', ${then})`,
    );
    await query(
      stack,
      `INSERT INTO recovery_point_snapshots (point_id, disk_key, boot, volume_id, size_bytes, generation, snapshot_id, snapshot_name)
       VALUES ('${point}', 2000, 1, '${mapped!}', 1073741824, 1, '${taken.id}', 'diskferry-left')`,
    );

    const found = [
      `abandoned-leftovers/${givenUp}`,
      `operation-without-workflow/${operation}`,
      `orphan-export/${APPLIANCE}/${mapped!}`,
      `orphan-link/${APPLIANCE}/${detached!}`,
      `recovery-point-left/${point}`,
    ];
    expect(await doctor()).toEqual([...found].sort());
    for (const id of found) {
      expect(outcomesOf(await run('repair', id, '--apply', '--json'))).toEqual({ [id]: 'mended' });
      expect(await foreign.census()).toEqual(untouched);
    }
    expect(await listed(givenUp)).toBeUndefined();
    // What was unfinished is settled now: the attach never came about. Its volume is there until that is mended as well.
    expect((await listed(unfinished))?.virtualmachineid).toBeUndefined();
    const settled = `failed-operation/${operation}`;
    expect(await doctor()).toEqual([settled]);
    expect(outcomesOf(await run('repair', settled, '--apply', '--json'))).toEqual({ [settled]: 'mended' });
    expect(await listed(unfinished)).toBeUndefined();
    expect(await doctor()).toEqual([]);
    expect(await cloud.api.listSnapshots({ id: taken.id, listAll: true })).toEqual([]);
  }, 120_000);

  test("the site's schedule finds what doctor finds, logs it, and leaves its number and id in the result", async () => {
    const [root] = replicas;
    const [mapping] = await query(stack, `SELECT * FROM device_mappings WHERE volume_uuid = '${root!}'`);
    await query(stack, `UPDATE device_mappings SET size_bytes = size_bytes + 1 WHERE volume_uuid = '${root!}'`);
    const found = await doctor();
    expect(found).toEqual([`size-mismatch/${root!}`]);
    const { doctor: looked } = await reconcileNow();
    expect(looked).toMatchObject({ gravest: found, notCompared: [] });
    expect(await loggedFindings()).toContainEqual(
      expect.objectContaining({
        kind: 'size-mismatch',
        subject: root,
        site: localSite,
        vm: `${localSite}/vcenter-qc/${vm.id}`,
        volumeId: root,
        workflowId: expect.stringContaining(reconcileWorkflowId(localSite)),
      }),
    );
    await query(
      stack,
      `UPDATE device_mappings SET size_bytes = ${String(mapping!['size_bytes'])} WHERE volume_uuid = '${root!}'`,
    );
    expect(await doctor()).toEqual([]);
  }, 60_000);
});

test("a machine without the site's keys has the site's worker list what there is", async () => {
  const file = stack.folder.path('no-keys.toml');
  const text = await readFile(stack.folder.configurationFile, 'utf8');
  await writeFile(file, text.replace(/api_key_file = .*/, 'api_key_file = "secrets/not-here"'));
  const env = { TEMPORAL_CONFIG_FILE: stack.folder.temporalConfigFile };
  const report = JSON.parse((await runWith(env, 'doctor', '--config', file, '--json')).stdout) as DoctorReport;
  expect(report.findings).toEqual([]);
  // theirs and two of the foreign ones carry names like ours; what else is there is nobody's business
  expect(report.sites[0]?.compared.volumes).toBe(6);
}, 60_000);

describe('what cannot be asked', () => {
  test('a killed worker is a finding, and no hang', async () => {
    await stack.part('worker').kill9({ stayDown: true });
    // The server lists a poller that is gone for some while: what is asked of it then ends with the time limit.
    const { stdout, exitCode } = await run('doctor', '--json');
    const kinds = (JSON.parse(stdout) as DoctorReport).findings.map(({ kind }) => kind);
    expect(kinds.every((kind) => kind === 'appliance-silent' || kind === 'queue-unpolled')).toBe(true);
    expect(kinds.length).toBeGreaterThan(0);
    expect(exitCode).toBe(4);
    await stack.part('worker').start();
  }, 60_000);

  test('a CloudStack that is away is one finding', async () => {
    await stack.part('simulator').kill9({ stayDown: true });
    expect(await doctor()).toEqual([`cloudstack-unreachable/${localSite}`]);
    // The reconciliation ends all the same, and says what was not compared.
    expect(await reconcileNow()).toMatchObject({
      corrected: [],
      doctor: { gravest: [`cloudstack-unreachable/${localSite}`], notCompared: ['CloudStack could not be asked.'] },
    });
    await stack.part('simulator').start();
  }, 90_000);
});
