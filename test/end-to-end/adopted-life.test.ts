import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { volumeSerial } from '../../domain/names';
import { contentDigest } from '../../simulator/content-digest';
import { demoApplianceId as APPLIANCE } from '../../stack/local-stack';
import { jobSheetQueries } from '../../stack/job-sheet-queries';
import { simulatorControl } from '../../stack/simulator-control';
import { localSite } from '../../stack/state-folder';
import { type BrokenInstallation, makeBrokenInstallation } from '../support/broken-installation';
import { type CommandLine, commandLineOn } from '../support/command-line';
import { everyForm, older, pgtest2 } from '../support/older-installation';
import { type SourceVm, sourceVm } from '../support/source-vm';
import { startTestStack, type TestStack } from '../support/stack';

/**
 * The whole life of an adopted VM whose four disks are mapped in all forms that the older system ever wrote: replicated again, failed
 * over for a test, failed over live, brought back, replicated again, released. The tests of it follow one another.
 */
const VM = `${localSite}/vcenter-qc/${older.vm}`;
const TARGET = ['--service-offering', 'appliance-2c4g', '--template', 'debian-12', '--network', 'l2-admin'];
const volumeIds = everyForm.map(({ volumeId }) => volumeId);

let stack: TestStack;
let installation: BrokenInstallation;
let pgtest1: SourceVm;
let shell: CommandLine;
/** other people's things, as they were found */
let foreign: unknown;

beforeAll(async () => {
  stack = await startTestStack({ worker: false });
  installation = await makeBrokenInstallation(stack, 'every');
  shell = commandLineOn(stack, { DISKFERRY_FROM_PASSWORD: installation.password });
  pgtest1 = await sourceVm(stack, everyForm.length, { dataMib: 1 });
  foreign = await installation.foreign();
}, 180_000);

afterAll(async () => {
  await installation.close();
  await pgtest1.stop();
  await stack.stop();
}, 60_000);

const says = (exitCode: number, ...args: string[]): Promise<string> => shell.says(exitCode, ...args);
const adopt = ['adopt', '--in-place', '--source', `${older.host}=vcenter-qc`];
const file = (name: string): string => stack.folder.path(`${name}.jsonl.gz`);
const todayOn = (vmId: string): Record<string, string> =>
  Object.fromEntries(volumeIds.map((id) => [id, `remote-vm-${vmId}-${id}`]));
const olderPaths: Record<string, string> = Object.fromEntries(everyForm.map(({ volumeId, path }) => [volumeId, path]));
/** the second VM, which Diskferry never replicates: as it was adopted */
const untouched = { [pgtest2.volumeId]: pgtest2.path };

/** Paths of what is mapped now, by volume; nothing stands twice. */
async function paths(): Promise<Record<string, string>> {
  expect(await installation.sql(jobSheetQueries.duplicates)).toEqual([]);
  const rows = await installation.sql('SELECT volume_uuid, device_path FROM device_mappings');
  return Object.fromEntries(rows.map((row) => [String(row['volume_uuid']), String(row['device_path'])]));
}
async function failoverVm(): Promise<string> {
  const [row] = await installation.sql('SELECT failover_vm_id FROM live_failovers');
  return String(row?.['failover_vm_id']);
}
const onOne = (vmId: string | null, ofPgtest2: string | null = APPLIANCE): Record<string, string | null> => ({
  ...Object.fromEntries(volumeIds.map((id) => [id, vmId])),
  [pgtest2.volumeId]: ofPgtest2,
});

async function replicate(): Promise<void> {
  const request = pgtest1.request({ source: { id: 'vcenter-qc', vm: older.vm, name: 'pgtest1' }, overwrite: true });
  expect(await says(0, 'replicate', await pgtest1.write(request), '--wait')).toContain('replicated');
  const simulator = simulatorControl(() => stack.simulator.controlEndpoint);
  for (const [index, volumeId] of volumeIds.entries()) {
    expect(await simulator.contentOf(volumeId)).toBe(await contentDigest(pgtest1.disks[index]?.path ?? '?'));
  }
}

test('it is adopted as it is, in every form', async () => {
  const revoke = /(REVOKE .*?);/.exec(await says(1, ...adopt, '--from', installation.from))?.[1] ?? '?';
  await installation.sql(revoke);
  await says(0, ...adopt, '--from', installation.from, '--apply', '--backup', file('older'));
  await says(0, 'migrate');
  await stack.part('worker').start();
  expect(await paths()).toEqual({ ...olderPaths, ...untouched });
}, 90_000);

test('straight after, doctor says what is true of it, and nothing else', async () => {
  const found = JSON.parse(await says(4, 'doctor', '--json')) as { findings: { id: string }[] };
  const adopted = [VM, `${localSite}/vcenter-qc/${pgtest2.vm}`].map((vm) => `adopted-unverified/${vm}`);
  const forms = [...volumeIds, pgtest2.volumeId].map((id) => `old-form-path/${id}`);
  const operations = [`failed-operation/${older.failedOperation}`, `stuck-operation/${older.stuckOperation}`];
  expect(found.findings.map(({ id }) => id).sort()).toEqual([...adopted, ...forms, ...operations].sort());
}, 60_000);

test('straight after, a failover is refused with what to do, by every name of the VM, and nothing is changed', async () => {
  for (const kind of ['live', 'test']) {
    for (const name of [VM, older.vm]) {
      const refused = await says(1, 'failover', kind, name, ...TARGET, '--dry-run');
      expect(refused).toContain('vm-not-verified');
      expect(refused).toContain('replicate it again');
    }
  }
  expect(await paths()).toEqual({ ...olderPaths, ...untouched });
}, 60_000);

test('replicated again, onto its own volumes, whose paths stay', async () => {
  await replicate();
  expect(await paths()).toEqual({ ...olderPaths, ...untouched });
  expect(await installation.attachments()).toEqual(onOne(APPLIANCE));
  // whatever the older system took for the device, now it is the proven one
  const nodes = await installation.sql(
    `SELECT volume_uuid, device_node FROM device_mappings WHERE volume_uuid <> '${pgtest2.volumeId}'`,
  );
  for (const row of nodes) {
    expect(String(row['device_node'])).toMatch(new RegExp(`-${volumeSerial(String(row['volume_uuid']))}$`));
  }
}, 90_000);

test('failed over for a test: the replicas stay where they are, and nothing of the sandbox is left', async () => {
  await says(0, 'failover', 'test', VM, '--name', 'pgtest1-test', ...TARGET, '--lease', '1h', '--yes');
  expect(Object.keys(await paths())).toHaveLength(2 * everyForm.length + 1);
  await says(0, 'failover', 'end', VM);
  await says(0, 'failover', 'watch', VM);
  expect(await paths()).toEqual({ ...olderPaths, ...untouched });
}, 90_000);

test('failed over live: every volume has a path of today on the VM', async () => {
  expect(await says(0, 'failover', 'live', VM, '--name', 'pgtest1', ...TARGET, '--dry-run')).not.toContain('refused');
  await says(0, 'failover', 'live', VM, '--name', 'pgtest1', ...TARGET, '--yes');
  const vmId = await failoverVm();
  expect(await paths()).toEqual({ ...todayOn(vmId), ...untouched });
  expect(await installation.attachments()).toEqual(onOne(vmId));
  const request = pgtest1.request({ source: { id: 'vcenter-qc', vm: older.vm, name: 'pgtest1' }, overwrite: true });
  expect(await says(1, 'replicate', await pgtest1.write(request), '--wait')).toContain('diskferry failover back');
}, 90_000);

test('brought back: on the appliance, with paths of today; where each was stays readable', async () => {
  const vmId = await failoverVm();
  await says(0, 'failover', 'back', VM, '--yes');
  expect(await paths()).toEqual({ ...todayOn(APPLIANCE), ...untouched });
  expect(await installation.attachments()).toEqual(onOne(APPLIANCE));
  for (const { volumeId, path } of everyForm) {
    const history = await says(0, 'mappings', '--volume', volumeId, '--history');
    const places = [path, `remote-vm-${vmId}-${volumeId}`, `remote-vm-${APPLIANCE}-${volumeId}`];
    expect(places.map((place) => history.includes(`${place} `))).toEqual([true, true, true]);
  }
}, 90_000);

test('replicated again: doctor finds nothing of it', async () => {
  await replicate();
  const found = await says(3, 'doctor');
  expect(found).not.toContain(`owner: ${VM}`);
  // the other one is as it was adopted, and that is what is said of it
  expect(found).toContain(`id: adopted-unverified/${localSite}/vcenter-qc/${pgtest2.vm}`);
  expect(found).not.toContain('torn');
}, 90_000);

test('released: off the appliance, kept, and nothing of other people was touched', async () => {
  await says(0, 'release', VM);
  expect(await paths()).toEqual(untouched);
  expect(await installation.attachments()).toEqual(onOne(null));
  const places = await installation.sql('SELECT volume_uuid FROM device_mapping_history');
  for (const id of volumeIds) expect(places.filter((row) => row['volume_uuid'] === id)).toHaveLength(3);
  expect(await installation.foreign()).toEqual(foreign);
}, 60_000);

describe('an adopted VM that Diskferry never replicated', () => {
  test('is failed over with a reason, and brought back', async () => {
    const reason = ['--allow-unverified', 'the source is lost, the older copy was whole'];
    await says(0, 'failover', 'live', pgtest2.vm, '--name', 'pgtest2', ...TARGET, ...reason, '--yes');
    const vmId = await failoverVm();
    expect(await paths()).toEqual({ [pgtest2.volumeId]: `remote-vm-${vmId}-${pgtest2.volumeId}` });
    await says(0, 'failover', 'back', pgtest2.vm, '--yes');
    expect(await paths()).toEqual({ [pgtest2.volumeId]: `remote-vm-${APPLIANCE}-${pgtest2.volumeId}` });
  }, 90_000);

  test('is released, by its bare id', async () => {
    await says(0, 'release', pgtest2.vm);
    expect(await paths()).toEqual({});
    expect(await installation.attachments()).toEqual(onOne(null, null));
    expect(await says(0, 'mappings', '--volume', pgtest2.volumeId, '--history')).toContain(`${pgtest2.path} `);
    expect(await installation.foreign()).toEqual(foreign);
  }, 60_000);
});
