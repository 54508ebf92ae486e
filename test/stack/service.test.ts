import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoApplianceId } from '../../stack/local-stack';
import { freePort } from '../../stack/free-port';
import { packageRoot } from '../../stack/package-root';
import { reconcileScheduleId } from '../../domain/names';
import { type MetricRow, metrics } from '../../worker/metrics-table';
import { loadConfiguration } from '../../worker/config';
import type { Readiness } from '../../worker/health';
import { describeChecked } from '../support/checked-by';
import { sourceVm } from '../support/source-vm';
import { startTestStack, type TestStack } from '../support/stack';
import { asUnit, readableAsService, readUnit, serviceUser } from '../support/unit-file';
import { until } from '../support/until';

const workerUnit = readUnit('diskferry-worker.service');
const nbdkitUnit = readUnit('diskferry-nbdkit.service');
const isRoot = process.getuid?.() === 0;
/** A clone or a Node below a folder that only root may enter (/root, for instance) is of no use to a service's user. */
const reachable = isRoot && [process.execPath, join(packageRoot(), 'bin/diskferry.js')].every(readableAsService);
const describeAsRoot = reachable ? describe : describe.skip;
if (!isRoot) process.stderr.write('only root may start a service under another user: those tests are skipped\n');
else if (!reachable)
  process.stderr.write("the service's user may not read this clone or Node: its tests are skipped\n");

describeChecked('systemd-analyze', 'the units', (verify) => {
  test('are accepted by systemd', () => {
    // No manual pages: they would be looked for on this machine.
    const run = spawnSync(verify, ['verify', '--man=no', workerUnit.path, nbdkitUnit.path], { encoding: 'utf8' });
    expect(`${run.stdout}${run.stderr}`).toBe('');
    expect(run.status).toBe(0);
  });

  test('and one that is wrong is not', () => {
    const folder = join(packageRoot(), '.cache');
    const wrong = join(folder, 'diskferry-wrong.service');
    mkdirSync(folder, { recursive: true });
    writeFileSync(wrong, readFileSync(workerUnit.path, 'utf8').replace('Restart=always', 'Restart=allways'));
    const run = spawnSync(verify, ['verify', '--man=no', wrong], { encoding: 'utf8' });
    rmSync(wrong);
    expect(`${run.stdout}${run.stderr}`).toContain('allways');
  });
});

describeAsRoot("with a service's rights", () => {
  let stack: TestStack;
  let exportsFolder = '';
  let configurationFile = '';
  let health = '';
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    stack = await startTestStack({ worker: false });
    // The user of the service can pass, and owns what it has to write; everything else stays root's.
    const kept = process.env['DISKFERRY_TEST_DIRECTORY'];
    const passed = [stack.folder.directory, stack.folder.path('exports'), ...(kept === undefined ? [] : [kept])];
    for (const folder of passed) chmodSync(folder, 0o711);
    exportsFolder = stack.folder.path('exports', demoApplianceId);
    configurationFile = stack.folder.path('service.toml');
    const [healthPort, temporalPort] = [await freePort(), await freePort()];
    health = `http://127.0.0.1:${String(healthPort)}`;
    writeFileSync(
      configurationFile,
      readFileSync(stack.folder.configurationFile, 'utf8').replace(
        /health_listen = .*/,
        `health_listen = "127.0.0.1:${String(healthPort)}"\ntemporal_metrics_listen = "127.0.0.1:${String(temporalPort)}"`,
      ),
    );
  }, 120_000);
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
    }
  });
  afterAll(() => stack.stop(), 60_000);

  /** A unit's command with its paths put where the test has them. */
  const commandOf = (unit: typeof workerUnit): string[] =>
    (unit.values('ExecStart')[0] ?? '')
      .replaceAll('/run/diskferry/exports', exportsFolder)
      .replace('/usr/bin/node', process.execPath)
      .replace('/opt/diskferry', packageRoot())
      .replace('/etc/diskferry/diskferry.toml', configurationFile)
      .split(' ');

  const start = (command: readonly string[]): { child: ChildProcess; output: () => string } => {
    const [program = '', ...args] = command;
    const child = spawn(program, args, {
      // systemd sets HOME from the user's account, which this user has none of
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', TEMPORAL_CONFIG_FILE: stack.folder.temporalConfigFile },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (text += part.toString()));
    return { child, output: () => text };
  };

  const ready = async (): Promise<Readiness | undefined> =>
    await fetch(`${health}/ready`)
      .then((answer) => answer.json() as Promise<Readiness>)
      .catch(() => undefined);

  /** Starts the worker, which must refuse to; what it says. */
  const refusal = async (command: readonly string[] = asUnit(workerUnit, commandOf(workerUnit))): Promise<string> => {
    const { child, output } = start(command);
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(1);
    return output();
  };

  test('a worker that lacks them does not start, and names each with what gives it', async () => {
    const device = stack.folder.path('simulator/guests', demoApplianceId, 'by-id', 'virtio-00000000000000000000');
    const file = stack.folder.path('device-of-root');
    writeFileSync(file, '', { mode: 0o600 });
    mkdirSync(join(device, '..'), { recursive: true });
    symlinkSync(file, device);
    const said = await refusal();
    rmSync(device);
    expect(said).toContain(`folder ${exportsFolder} cannot be written (EACCES, as ${String(serviceUser)}`);
    expect(said).toContain(`socket ${exportsFolder}/local.sock cannot be opened`);
    expect(said).toContain(`device ${device} cannot be read and written (EACCES`);
    expect(said).toContain('Next: Let');
    expect(said).toContain('usermod -aG disk');
  });

  test('nor does one on a real appliance that may not look into other processes', async () => {
    const real = readFileSync(configurationFile, 'utf8').replaceAll('simulated = true', 'simulated = false');
    const realFile = stack.folder.path('real.toml');
    writeFileSync(realFile, real);
    const powerless = {
      ...workerUnit,
      values: (name: string) => (name.includes('Capab') ? [''] : workerUnit.values(name)),
    };
    chmodSync(stack.folder.path('secrets'), 0o711);
    for (const name of ['database.password', 'qc.api-key', 'qc.secret-key'])
      chmodSync(stack.folder.path('secrets', name), 0o644);
    const command = commandOf(workerUnit).map((part) => (part === configurationFile ? realFile : part));
    expect(await refusal(asUnit(powerless, command))).toMatch(/processes of other users .*CAP_SYS_PTRACE/s);
  });

  test('a worker and nbdkit start with the rights of their units, are measured, and say what is away', async () => {
    await stack.part(`export server ${demoApplianceId}`).stop();
    execFileSync('chown', ['-R', `${String(serviceUser)}:${String(serviceUser)}`, exportsFolder]);
    const { output } = start(asUnit(workerUnit, commandOf(workerUnit)));
    await until(async () => (await ready())?.ready === true).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${output()}`);
    });
    // nbdkit does not run yet: the worker takes work, and says what that work will wait for.
    expect(await ready()).toMatchObject({ ready: true, degraded: true });
    expect((await ready())?.reason).toContain(`exports ${demoApplianceId}: connect ENOENT`);

    start(asUnit(nbdkitUnit, commandOf(nbdkitUnit)));
    await until(() => existsSync(join(exportsFolder, 'local.sock')));
    await until(async () => (await ready())?.degraded === undefined);
    const all = await ready();
    expect(all?.reason).toBeUndefined();
    expect(all?.checks.map(({ kind, ok }) => `${kind} ${String(ok)}`).sort()).toEqual([
      'cloudstack true',
      'database true',
      'exports true',
      'folders true',
      ...Array.from({ length: 4 }, () => 'polling true'),
      'temporal true',
    ]);

    const tried = await stack.diskferry('config', 'check', '--connect');
    expect(tried.stdout).not.toContain('WRONG');
    expect(tried.exitCode).toBe(0);
    await stack.part('MariaDB').stop();
    await until(async () => (await ready())?.ready === false);
    expect((await ready())?.reason).toMatch(/^database: /);
    const wrong = await stack.diskferry('config', 'check', '--connect');
    expect(wrong.stdout).toMatch(/WRONG {2}database: [^]*Next: /);
    expect(wrong.exitCode).toBe(1);
    await stack.part('MariaDB').start();
    await until(async () => (await ready())?.ready === true);
  });

  describe('a worker whose metrics are read', () => {
    let client: Client;
    let connection: Connection;
    beforeAll(async () => {
      execFileSync('chown', ['-R', 'root:root', exportsFolder]);
      await stack.part(`export server ${demoApplianceId}`).start();
      connection = await Connection.connect({ address: `127.0.0.1:${String(stack.folder.ports.temporal)}` });
      client = new Client({ connection });
    });
    afterAll(() => connection.close());

    test('counts steps, phases, bytes and calls of a replication; the schedule ends the row of a terminated one', async () => {
      start(commandOf(workerUnit));
      await until(async () => (await ready())?.ready === true);
      const vm = await sourceVm(stack, 1, { sizeMib: 128 });
      const done = await vm.replicate().finally(() => vm.stop());
      expect(done.exitCode).toBe(0);
      const text = await fetch(`${health}/metrics`).then((answer) => answer.text());
      for (const [name, row] of Object.entries<MetricRow>(metrics)) {
        if (name.startsWith('diskferry_reconcil') || name.startsWith('diskferry_last')) continue;
        expect(text).toContain(`# TYPE ${name} ${row.type}`);
      }
      expect(text).toMatch(/diskferry_activities_total\{activity="attachVolume",outcome="done"\} 1/);
      expect(text).toMatch(/diskferry_copy_bytes_total\{site="qc",work="copied"\} [1-9]/);
      expect(text).toMatch(/diskferry_copy_bytes_total\{site="qc",work="verified"\} [1-9]/);
      expect(text).toMatch(/diskferry_phases_total\{[^}]*phase="replicated"[^}]*\} 1/);
      expect(text).toMatch(
        /diskferry_phase_seconds_count\{[^}]*phase="provisioning"[^}]*workflowType="replicateVm"[^}]*\} 1/,
      );
      expect(text).toMatch(/diskferry_check_ok\{check="cloudstack"\} 1/);
      expect(text).toMatch(/temporal_/);

      const { sites } = await loadConfiguration(configurationFile);
      const schedule = client.schedule.getHandle(reconcileScheduleId('qc'));
      const { spec } = await schedule.describe();
      expect(spec.intervals?.[0]?.every).toBe(sites.get('qc')?.reconcileEveryMs);
      expect((await stack.diskferry('migrate', '--json')).json()).toMatchObject([{ schedules: [] }]);

      // A run that somebody terminates in the middle cannot say so itself.
      await stack.addFaults({ kind: 'delay', command: 'createVolume', where: 'work', ms: 20_000, times: 1 });
      const stuck = await sourceVm(stack, 1, { sizeMib: 128 });
      const replicating = stuck.replicate().finally(() => stuck.stop());
      const rowOf = async (): Promise<string> => (await stack.diskferry('list', '--json')).stdout;
      await until(async () => (await rowOf()).includes(stuck.id));
      const { replications } = JSON.parse(await rowOf()) as {
        replications: { sourceVmId: string; workflowId: string; phase: string }[];
      };
      const run = replications.find(({ sourceVmId }) => sourceVmId === stuck.id);
      await client.workflow.getHandle(run?.workflowId ?? '?').terminate('for a test');
      await replicating;
      await schedule.trigger();
      await until(async () => {
        const rows = JSON.parse(await rowOf()) as { replications: { sourceVmId: string; phase: string }[] };
        return rows.replications.some(({ sourceVmId, phase }) => sourceVmId === stuck.id && phase === 'abandoned');
      });
      await until(async () =>
        (await fetch(`${health}/metrics`).then((answer) => answer.text())).includes(
          'diskferry_reconciliations_total{site="qc"} 1',
        ),
      );
      // Doctor looks behind it, and finds what the terminated run left.
      await until(async () =>
        /diskferry_doctor_findings\{site="qc",severity="\w+",kind="[\w-]+"\} [1-9]/.test(
          await fetch(`${health}/metrics`).then((answer) => answer.text()),
        ),
      );
    }, 120_000);
  });
});
