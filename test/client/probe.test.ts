import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { SiteReport } from '../../client/site-report';
import { demoWorld } from '../../simulator/worlds/demo';
import { Caller } from '../simulator/simulated-site';
import { startProbeWorld, type ProbeWorld, type SiteSection } from './probe-support';
import { diskferry, vmId } from './support';

const APPLIANCE = '1c266316-503d-451d-9392-9585a6fcba41';
const SECOND = '7d0f4a52-6c1e-4f0b-8a55-2b1f3c9e6d42';
const OF_USER = 'b94e5a0c-2f3d-4d6e-9a7b-5c8d1e0f2a43';
const STRANGER = '00000000-0000-4000-8000-00000000dead';
const GIB = 2 ** 30;
const one: SiteSection = { appliances: { [APPLIANCE]: 'nic' } };

/** Its ids are known, so that a report can be compared as a whole. */
const world = {
  ...demoWorld,
  zone: { id: '11111111-1111-4111-8111-111111111111', name: 'QC' },
  rootDomainId: '22222222-2222-4222-8222-222222222222',
  diskOfferings: [
    { id: '33333333-3333-4333-8333-333333333333', name: 'replica-custom' },
    { id: '44444444-4444-4444-8444-444444444444', name: 'fixed-5', sizeGib: 5 },
  ],
  accounts: [
    { name: 'admin', role: 'admin' as const },
    { name: 'repluser', role: 'user' as const, limits: { volume: 3, primary_storage: 100 } },
  ],
};

let site: ProbeWorld;
beforeAll(async () => {
  site = await startProbeWorld(world);
});
afterAll(() => site.close());
beforeEach(async () => {
  await site.control.reset();
  await site.modes({});
});

const admin = (): Caller => new Caller(site.simulator.endpoint, site.simulator.accounts[0]!);

const request = (change: object = {}): string =>
  JSON.stringify({
    schemaVersion: 1,
    site: 'qc',
    source: { id: 'vcenter-qc', vm: vmId, name: 'pgtest1' },
    appliance: APPLIANCE,
    disks: disks(107 * GIB, 10 * GIB),
    ...change,
  });

const disks = (...sizes: number[]): object[] =>
  sizes.map((sizeBytes, index) => ({
    key: 2000 + index,
    boot: index === 0,
    sizeBytes,
    source: { kind: 'nbd', uri: 'nbd://127.0.0.1:10809/a' },
  }));

/** The report of a probe with `--json`, which is one object whatever the exit code. */
async function report(section: SiteSection, change?: object): Promise<SiteReport & { exitCode: number }> {
  const file = change === undefined ? [] : ['--request', await site.write('request.json', request(change))];
  const { exitCode, stdout, stderr } = await site.probe(section, ['qc', '--json', ...file]);
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toHaveLength(1);
  return { ...(JSON.parse(stdout) as SiteReport), exitCode };
}

/** What must hold of whatever was done to a site by a probe. */
async function expectOnlyReads(): Promise<void> {
  const commands = (await site.requests()).map(({ command }) => command);
  expect(commands.length).toBeGreaterThan(0);
  for (const command of commands) expect(command).toMatch(/^(list|query)[A-Z]/);
}

describe('a probe only looks', () => {
  test.each<[string, SiteSection, object | undefined]>([
    ['as root admin', one, undefined],
    ['as root admin, with a request', one, {}],
    ['as a normal user', { account: 'repluser', appliances: { [OF_USER]: 'nic' } }, undefined],
    [
      'with everything wrong',
      { zone: 'x', diskOffering: 'x', appliances: { [STRANGER]: 'dmi' } },
      { appliance: SECOND },
    ],
  ])('%s: list commands alone, and the world is as it was', async (_who, section, change) => {
    const before = await site.control.world();
    await report(section, change);
    await expectOnlyReads();
    expect(await site.control.changes()).toEqual([]);
    expect(await site.control.world()).toEqual(before);
  });
});

describe('what a person sees', () => {
  const shown = async (section: SiteSection, argv?: readonly string[]): Promise<string> => {
    const { stdout } = await site.probe(section, argv);
    const text = stdout.replace(site.simulator.endpoint, 'http://127.0.0.1:8080/client/api');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    return text;
  };

  test('a site where all is well', async () => {
    expect(await shown(one)).toMatchInlineSnapshot(`
      "Site qc at http://127.0.0.1:8080/client/api
        server      CloudStack 4.22.1.0 (recorded and tested with)
        clock       unknown: the server sends no Date header; it takes this machine's
                    requests, so it is less than 10 minutes ahead
        requests    CloudStack lists no limit; the worker sends at most 200 per second
        snapshots   of attached volumes: kvm.snapshot.enabled is true (not tried)
        key         account admin in ROOT, Root Admin; may choose volume ids
                    (customid)
        may list    listUsers, listAccounts, listHypervisorCapabilities,
                    listVMSnapshot
        limits      volumes: 2 used, unlimited; primary storage: 4 GiB used, unlimited
        zone        QC, Advanced, Enabled, 11111111-1111-4111-8111-111111111111
        sizes       1 to 1024 GiB of one volume (1073741824 to 1099511627776 bytes);
                    storage.max.volume.size is not listed, 2000 GiB unless it was
                    changed

      Disk offerings
        NAME            SIZE    USABLE      ID
        replica-custom  custom  configured  33333333-3333-4333-8333-333333333333
        fixed-5         5 GiB   fixed       44444444-4444-4444-8444-444444444444

      Appliances
        appliance-qc 1c266316-503d-451d-9392-9585a6fcba41
          Running, KVM, zone QC
          of account admin in domain 22222222-2222-4222-8222-222222222222, the key's
          own
          0 data disks attached, 32 free (limit 32, as CloudStack lists)
          no VM snapshots in the way

      All well: nothing that was asked here would be refused. Nothing was changed.
      "
    `);
  });

  test("a normal user's key, an appliance that is not there, and a request that does not fit", async () => {
    const section: SiteSection = { account: 'repluser', appliances: { [OF_USER]: 'nic', [APPLIANCE]: 'nic' } };
    const file = await site.write(
      'request.json',
      request({ appliance: OF_USER, disks: disks(1500 * GIB, GIB, GIB, GIB, GIB, GIB, GIB) }),
    );
    expect(await shown(section, ['qc', '--request', file])).toMatchInlineSnapshot(`
      "Site qc at http://127.0.0.1:8080/client/api
        server      CloudStack 4.22.1.0 (recorded and tested with)
        clock       unknown: the server sends no Date header; it takes this machine's
                    requests, so it is less than 10 minutes ahead
        requests    CloudStack lists no limit; the worker sends at most 200 per second
        snapshots   of attached volumes: kvm.snapshot.enabled is true (not tried)
        key         account repluser in ROOT, User; may not choose volume ids
                    (customid is for root admins); volumes are found by job id and
                    name
        may list    listUsers, listAccounts, listVMSnapshot
        forbidden   listHypervisorCapabilities
        limits      volumes: 1 used of 3, 2 left; primary storage: 2 GiB used of 100,
                    98 left
        zone        QC, Advanced, Enabled, 11111111-1111-4111-8111-111111111111
        sizes       1 to 1024 GiB of one volume (1073741824 to 1099511627776 bytes);
                    storage.max.volume.size is not listed, 2000 GiB unless it was
                    changed

      Disk offerings
        NAME            SIZE    USABLE      ID
        replica-custom  custom  configured  33333333-3333-4333-8333-333333333333
        fixed-5         5 GiB   fixed       44444444-4444-4444-8444-444444444444

      Appliances
        appliance-user b94e5a0c-2f3d-4d6e-9a7b-5c8d1e0f2a43
          Running, KVM, zone QC
          of account repluser in domain 22222222-2222-4222-8222-222222222222, the
          key's own
          0 data disks attached, 6 free (limit 6, assumed)
          no VM snapshots in the way
        1c266316-503d-451d-9392-9585a6fcba41
          configured, but CloudStack lists no such VM for this key

      Request: VM pgtest1 onto appliance b94e5a0c-2f3d-4d6e-9a7b-5c8d1e0f2a43
        DISK  SIZE     VOLUME    SIZE FITS  SLOT
        2000  1.5 TiB  1500 GiB  NO         free
        2001  1 GiB    1 GiB     yes        free
        2002  1 GiB    1 GiB     yes        free
        2003  1 GiB    1 GiB     yes        free
        2004  1 GiB    1 GiB     yes        free
        2005  1 GiB    1 GiB     yes        free
        2006  1 GiB    1 GiB     yes        NONE
        7 slots needed, 6 free. Not asked here: slots that other runs have reserved
        and earlier replicas (database), whether the sources open (appliance).
        This request would be REFUSED.

      Notes
        - The data disk limit of appliance-user is assumed: CloudStack does not show
          it to this key. If it is another, set data_disk_limit of [site.qc].

      Refused: 5 (nothing was changed)
        1. Disk 2000: 1500 GiB is more than site qc allows in one volume (1024 GiB)
           Next: Have the CloudStack setting custom.diskoffering.size.max (and
                 storage.max.volume.size) raised, or leave the disk out.
        2. Appliance b94e5a0c-2f3d-4d6e-9a7b-5c8d1e0f2a43 has 6 free data disk slots
           of 6, 7 are needed
           Next: Release a VM that is finished (diskferry release VM), or use another
                 appliance.
        3. Appliance 1c266316-503d-451d-9392-9585a6fcba41: CloudStack of site qc lists
           no such VM for this key
           Next: Correct the id in the request and in [site.qc.appliance.…]; the key's
                 account must own the VM or be root admin.
        4. Site qc: account repluser may have 2 more volumes (limit 3), 7 are needed
           Next: Have the limit of account repluser raised in CloudStack, or remove
                 volumes that nobody needs.
        5. Site qc: account repluser may have 98 more GiB of primary storage (limit
           100), 1506 are needed
           Next: Have the limit of account repluser raised in CloudStack, or remove
                 volumes that nobody needs.
      "
    `);
  });

  test('docs/probe.md shows what it really prints', async () => {
    const page = await readFile(path.join(__dirname, '../../docs/probe.md'), 'utf8');
    const example = /```\n(Site qc at [^`]*)```/.exec(page)?.[1] ?? '';
    const file = path.join(__dirname, '../../examples/pgtest1.request.json');
    const { stdout } = await site.probe({ ...one, requestsPerSecond: 10 }, ['qc', '--request', file]);
    // Ids are made anew for each world, except those that the demo gives.
    const comparable = (text: string): string =>
      text
        .replace(/http:\S+/, 'ENDPOINT')
        .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => (id === APPLIANCE ? id : 'ID'));
    expect(comparable(example)).toBe(comparable(stdout));
  });

  test('progress, when it takes longer than two seconds', async () => {
    await site.control.fault({ kind: 'delay', command: 'listZones', ms: 2_300, where: 'request' });
    const { exitCode, stderr } = await site.probe(one);
    expect(stderr).toMatch(/^asking CloudStack of site qc at http:\S+ \(2 s\)\n$/);
    expect(exitCode).toBe(0);
  });
});

describe('what a program gets with --json', () => {
  test('as root admin', async () => {
    const found = await report(one);
    expect(found).toMatchObject({
      exitCode: 0,
      site: 'qc',
      endpoint: site.simulator.endpoint,
      server: {
        version: '4.22.1.0',
        release: 'seen',
        clockOffsetMs: null,
        requestLimit: null,
        kvmSnapshotEnabled: true,
      },
      key: {
        account: 'admin',
        rootAdmin: true,
        mayChooseVolumeIds: true,
        mayList: { listHypervisorCapabilities: true },
      },
      zone: { name: 'QC', allocationState: 'Enabled' },
      sizes: { minGib: 1, maxGib: 1024, minBytes: GIB, maxBytes: 1024 * GIB },
      quota: { account: 'admin', volumes: { used: 2 } },
      request: null,
      refusals: [],
      notes: [],
    });
    expect(found.diskOfferings.map(({ name, fits, configured }) => [name, fits, configured])).toEqual([
      ['replica-custom', true, true],
      ['fixed-5', false, false],
    ]);
    expect(found.appliances).toEqual([
      expect.objectContaining({
        id: APPLIANCE,
        name: 'appliance-qc',
        state: 'Running',
        sameOwnerAsKey: true,
        dataDisks: { attached: 0, limit: 32, limitFrom: 'CloudStack', free: 32 },
        vmSnapshots: [],
      }),
    ]);
  });

  test("as a normal user: no chosen ids, an assumed data disk limit, the account's limits", async () => {
    const found = await report({ account: 'repluser', appliances: { [OF_USER]: 'nic' } });
    expect(found.key).toMatchObject({
      account: 'repluser',
      rootAdmin: false,
      mayChooseVolumeIds: false,
      mayList: { listUsers: true, listHypervisorCapabilities: false },
    });
    expect(found.quota).toMatchObject({ volumes: { used: 1, limit: 3 }, primaryStorageGib: { limit: 100 } });
    expect(found.appliances[0]?.dataDisks).toMatchObject({ limit: 6, limitFrom: 'assumed' });
    expect(found.notes).toEqual([expect.stringContaining('set data_disk_limit of [site.qc]')]);
    expect(found.exitCode).toBe(0);
  });

  test('a request that would pass', async () => {
    const found = await report(one, {});
    expect(found.request).toMatchObject({
      vm: 'pgtest1',
      passes: true,
      freeSlots: 32,
      disks: [
        { key: 2000, volumeGib: 107, fits: true, slot: true },
        { key: 2001, volumeGib: 10, fits: true, slot: true },
      ],
    });
    expect(found.exitCode).toBe(0);
  });

  test("another appliance's trouble is shown, and does not fail the request", async () => {
    await admin().run('stopVirtualMachine', { id: SECOND });
    const found = await report({ appliances: { [APPLIANCE]: 'nic', [SECOND]: 'nic' } }, {});
    expect(found.refusals.map(({ code }) => code)).toEqual(['appliance-not-running']);
    expect(found.request?.passes).toBe(true);
    expect(found.exitCode).toBe(1);
  });
});

describe('what would be refused, with its next action, and exit code 1', () => {
  const attachOne = async (): Promise<void> => {
    const volume = await admin().run('createVolume', {
      name: 'v',
      zoneid: world.zone.id,
      diskofferingid: world.diskOfferings[0]?.id ?? '',
      size: '1',
    });
    const attached = await admin().run('attachVolume', {
      id: volume.jobinstanceid ?? '',
      virtualmachineid: APPLIANCE,
    });
    expect(attached.jobstatus).toBe(1);
  };

  test.each<[string, string, SiteSection, object | undefined, (() => Promise<unknown>) | undefined]>([
    ['an unknown zone', 'zone-unknown', { ...one, zone: 'nowhere' }, undefined, undefined],
    ['an unknown offering', 'offering-unknown', { ...one, diskOffering: 'x' }, undefined, undefined],
    ['an offering of fixed size', 'offering-not-custom', { ...one, diskOffering: 'fixed-5' }, undefined, undefined],
    [
      'an appliance that is not listed',
      'appliance-missing',
      { appliances: { [STRANGER]: 'nic' } },
      undefined,
      undefined,
    ],
    [
      'an appliance that is stopped',
      'appliance-not-running',
      one,
      undefined,
      () => admin().run('stopVirtualMachine', { id: APPLIANCE }),
    ],
    [
      'a VM snapshot on the appliance',
      'appliance-has-snapshots',
      one,
      undefined,
      () => admin().run('createVMSnapshot', { virtualmachineid: APPLIANCE, name: 'before-upgrade' }),
    ],
    ['no slot left at all', 'no-free-slots', { ...one, dataDiskLimit: 1 }, undefined, attachOne],
    ['fewer slots than disks', 'no-free-slots', { ...one, dataDiskLimit: 1 }, {}, undefined],
    ['an appliance that is not configured', 'appliance-unknown', one, { appliance: SECOND }, undefined],
    [
      'volumes that would belong to another than the appliance',
      'owner-mismatch',
      { appliances: { [OF_USER]: 'nic' } },
      { appliance: OF_USER },
      undefined,
    ],
    ['a disk that is too large', 'disk-too-large', one, { disks: disks(1025 * GIB) }, undefined],
    [
      'more volumes than the account may have',
      'quota-exceeded',
      { account: 'repluser', appliances: { [OF_USER]: 'nic' } },
      { appliance: OF_USER, disks: disks(GIB, GIB, GIB) },
      undefined,
    ],
    [
      'more storage than the account may have',
      'quota-exceeded',
      { account: 'repluser', appliances: { [OF_USER]: 'nic' } },
      { appliance: OF_USER, disks: disks(99 * GIB) },
      undefined,
    ],
  ])('%s: %s', async (_what, code, section, change, prepare) => {
    await prepare?.();
    const found = await report(section, change);
    expect(found.refusals.map((refusal) => refusal.code)).toEqual([code]);
    expect(found.refusals[0]?.next.length).toBeGreaterThan(10);
    if (change !== undefined) expect(found.request?.passes).toBe(false);
    expect(found.exitCode).toBe(1);
  });

  test('all of them at once, not the first alone', async () => {
    const found = await report(
      { zone: 'x', diskOffering: 'fixed-5', dataDiskLimit: 1, appliances: { [APPLIANCE]: 'nic' } },
      { disks: disks(1500 * GIB, GIB) },
    );
    expect(found.refusals.map(({ code }) => code)).toEqual([
      'zone-unknown',
      'offering-not-custom',
      'disk-too-large',
      'no-free-slots',
    ]);
  });
});

describe('what is only noted', () => {
  test("the server's clock: unknown without a Date header, exact with one, wrong when it is", async () => {
    expect((await site.probe(one)).stdout).toContain('unknown: the server sends no Date header');
    await site.modes({ sendDate: true });
    expect((await site.probe(one)).stdout).toMatch(/clock +within [12] s of this machine's clock/);
    await site.modes({ sendDate: true, clockOffsetMs: 5 * 60_000 });
    const ahead = await report(one);
    expect(Math.round((ahead.server.clockOffsetMs ?? 0) / 60_000)).toBe(5);
    expect(ahead.notes).toEqual([expect.stringContaining("about 5 minutes ahead of this machine's clock")]);
    expect(ahead.exitCode).toBe(0);
  });

  test("the request limit of the user's account, when the worker would send more", async () => {
    await site.modes({ throttling: { enabled: true, max: 40, intervalSeconds: 2 } });
    const section = { account: 'repluser', appliances: { [OF_USER]: 'nic' as const }, dataDiskLimit: 6 };
    const found = await report({ ...section, requestsPerSecond: 20 });
    expect(found.server.requestLimit).toEqual({ max: 40, intervalSeconds: 2 });
    expect(found.notes).toEqual([]);
    const greedy = await report({ ...section, requestsPerSecond: 50 });
    expect(greedy.notes).toEqual([expect.stringContaining('requests_per_second allows 50: lower it')]);
  });

  test('a key that may not remove volumes for good', async () => {
    await site.modes({ allowUserExpungeRecoverVolume: false });
    const found = await report({ account: 'repluser', appliances: { [OF_USER]: 'nic' }, dataDiskLimit: 6 });
    expect(found.key.mayExpungeVolumes).toBe(false);
    expect(found.notes).toEqual([expect.stringContaining('may not remove volumes for good')]);
  });

  test("an appliance of another account, where the key is root admin's", async () => {
    const found = await report({ appliances: { [OF_USER]: 'nic' } });
    expect(found.appliances[0]).toMatchObject({ sameOwnerAsKey: false });
    expect(found.notes).toEqual([expect.stringContaining('belongs to account repluser')]);
    expect(found.exitCode).toBe(0);
  });

  test('no appliance in the configuration, and a release that is only read about', async () => {
    await site.modes({ version: '4.20.1.0' });
    const found = await report({});
    expect(found.server.release).toBe('read about');
    expect(found.notes).toEqual([expect.stringContaining('No appliance is configured for site qc')]);
  });
});

describe('a site that cannot be probed: clear words and the next command', () => {
  const failing = async (section: SiteSection, argv?: readonly string[]) => {
    const { exitCode, stdout } = await site.probe(section, [...(argv ?? ['qc']), '--json']);
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string; next: string } };
    return { exitCode, ...error };
  };

  test.each<[string, () => SiteSection, readonly string[] | undefined, string, string, RegExp]>([
    [
      'nobody answers',
      () => ({ endpoint: 'http://127.0.0.1:1/client/api' }),
      undefined,
      'cloudstack-unavailable',
      'ECONNREFUSED',
      /management server/,
    ],
    [
      'a wrong secret key',
      () => ({ secretKey: 'not-the-secret' }),
      undefined,
      'unauthorized',
      'unable to verify user credentials',
      /secret_key_file of \[site\.qc\], and this machine's clock/,
    ],
    [
      'no TLS at an https endpoint',
      () => ({ endpoint: site.simulator.endpoint.replace('http:', 'https:') }),
      undefined,
      'tls-refused',
      'no TLS connection',
      /NODE_EXTRA_CA_CERTS/,
    ],
    [
      'a site that is not configured',
      () => ({}),
      ['quebec'],
      'site-unknown',
      'configured: qc',
      /Add a \[site\.quebec\] section/,
    ],
  ])('%s', async (_what, section, argv, code, words, next) => {
    const failed = await failing(section(), argv);
    expect(failed).toMatchObject({ exitCode: 1, code, message: expect.stringContaining(words) });
    expect(failed.next).toMatch(next);
  });

  test("a server's clock too far off to be corrected by is told with the key", async () => {
    await site.modes({ sendDate: true, clockOffsetMs: 30 * 60_000 });
    // signed by the server's own clock the requests are taken, and the difference is shown
    const found = await report(one);
    expect(found.notes).toEqual([expect.stringContaining('about 30 minutes ahead')]);
    const failed = await failing({ secretKey: 'not-the-secret' });
    expect(failed).toMatchObject({ code: 'unauthorized', message: expect.stringContaining('about 30 minutes ahead') });
  });

  test('a listing that the role may not call, and one that the server fails', async () => {
    await site.control.fault({
      kind: 'refuse',
      command: 'listZones',
      code: 432,
      text: 'The API [listZones] does not exist',
    });
    expect(await failing(one)).toMatchObject({ exitCode: 1, code: 'command-forbidden' });
    await site.control.fault({ kind: 'refuse', command: 'listZones', code: 530, text: 'no such luck' });
    expect(await failing(one)).toMatchObject({
      exitCode: 1,
      code: 'command-refused',
      message: expect.stringContaining('no such luck'),
    });
  });

  test('wrong usage exits with 2', async () => {
    expect(await failing(one, ['qc', '--request', '/does/not/exist.json'])).toMatchObject({
      exitCode: 2,
      code: 'request-invalid',
    });
    const other = await site.write('request.json', request({ site: 'elsewhere' }));
    expect(await failing(one, ['qc', '--request', other])).toMatchObject({
      exitCode: 2,
      message: 'The request is for site elsewhere, not for qc',
    });
    expect((await diskferry(['probe', 'qc'])).exitCode).toBe(2);
    expect((await diskferry(['probe'])).exitCode).toBe(2);
  });
});

test('diskferry --version is that of package.json, --help of probe has examples', async () => {
  const { stdout, exitCode } = await diskferry(['--version']);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(exitCode).toBe(0);
  const help = await diskferry(['probe', '--help']);
  expect(help.stdout).toContain('diskferry probe qc --request request.json');
  expect(help.exitCode).toBe(0);
});
