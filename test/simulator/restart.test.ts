import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { SimulatorAccount } from '../../simulator/start';
import { temporaryFolder } from '../support/temporary-folder';
import { until } from '../support/until';
import { Caller, quickTimings, simulatedSite } from './simulated-site';

const APPLIANCE = '1c266316-503d-451d-9392-9585a6fcba41';
const repository = join(__dirname, '..', '..');

describe('a restart of the server in the middle of a job', () => {
  test.each([false, true])('the disk stays plugged when the hypervisor finishes (%s)', async (hypervisorFinishes) => {
    const site = await simulatedSite({ timings: { attachMs: 60_000 } });
    try {
      const id = await site.newVolume('restart');
      const { content } = await site.admin.call('attachVolume', { id, virtualmachineid: APPLIANCE });
      await until(async () => (await site.admin.volume(id))?.state === 'Attaching');
      await site.control('POST', '/restart', { hypervisorFinishes });
      const job = await site.admin.job(content.jobid);
      expect(job).toMatchObject({ jobstatus: 2, jobresultcode: 530 });
      expect(job).not.toHaveProperty('jobresult');
      const volume = await site.admin.volume(id);
      expect(volume).toMatchObject({ state: 'Ready' });
      expect(volume).not.toHaveProperty('virtualmachineid');
      expect(volume).not.toHaveProperty('jobid');
      const link = join(
        site.simulator.stateDirectory,
        'guests',
        APPLIANCE,
        'by-id',
        `virtio-${id.replaceAll('-', '').slice(0, 20)}`,
      );
      if (hypervisorFinishes) await until(() => existsSync(link));
      expect(await site.control('GET', '/world')).toMatchObject({ pendingJobs: [] });
      await site.control('POST', '/timings', quickTimings);
      expect((await site.admin.run('attachVolume', { id, virtualmachineid: APPLIANCE })).jobstatus).toBe(1);
    } finally {
      await site.close();
    }
  });

  test('a job that ended long ago is as unknown as one never sent', async () => {
    const site = await simulatedSite({ timings: { jobExpireMs: 100 } });
    try {
      const reply = await site.admin.call('createVolume', {
        name: 'old',
        zoneid: site.zone,
        diskofferingid: site.customOffering,
        size: '1',
      });
      await until(
        async () => (await site.admin.call('queryAsyncJobResult', { jobid: reply.content.jobid ?? '' })).status === 431,
      );
    } finally {
      await site.close();
    }
  });

  test('reset: the first day again, with the same keys', async () => {
    const site = await simulatedSite();
    try {
      const id = await site.newVolume('gone');
      await site.admin.run('attachVolume', { id, virtualmachineid: APPLIANCE });
      await site.control('POST', '/reset');
      expect((await site.admin.call('listVolumes', { id })).status).toBe(431);
      expect(await site.admin.volumes({ type: 'DATADISK' })).toEqual([]);
    } finally {
      await site.close();
    }
  });
});

describe('a killed process', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  async function start(
    state: string,
    listen: string,
  ): Promise<{ child: ChildProcess; admin: Caller; endpoint: string }> {
    const child = spawn(
      process.execPath,
      [
        ...['--require', join(repository, 'test', 'support', 'typescript-require.cjs')],
        ...[
          join(repository, 'simulator', 'main.ts'),
          '--json',
          '--world',
          'demo',
          '--state',
          state,
          '--listen',
          listen,
        ],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    children.push(child);
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const { endpoint, accounts } = JSON.parse(line) as { endpoint: string; accounts: SimulatorAccount[] };
    const account = accounts.find((each) => each.role === 'admin');
    if (account === undefined) throw new Error('no admin');
    return { child, endpoint, admin: new Caller(endpoint, account) };
  }

  test('loses nothing it answered for, and comes back with the same keys on the same port', async () => {
    const folder = await temporaryFolder();
    try {
      const before = await start(folder.path, '127.0.0.1:0');
      const zone = (await before.admin.call('listZones')).content['zone'] as { id: string }[];
      const offerings = (await before.admin.call('listDiskOfferings', { name: 'replica-custom' })).content[
        'diskoffering'
      ] as { id: string }[];
      const parameters = { zoneid: zone[0]?.id ?? '', diskofferingid: offerings[0]?.id ?? '', size: '1' };
      const ids: string[] = [];
      for (let index = 0; index < 3; index += 1) {
        const { content } = await before.admin.call('createVolume', { name: `kept-${String(index)}`, ...parameters });
        ids.push(content.id ?? '');
      }
      const [attached = '', tagged = '', cutOff = ''] = ids;
      await before.admin.run('attachVolume', { id: attached, virtualmachineid: APPLIANCE });
      await before.admin.run('createTags', {
        resourcetype: 'Volume',
        resourceids: tagged,
        'tags[0].key': 'k',
        'tags[0].value': 'v',
      });
      const { content } = await before.admin.call('attachVolume', { id: cutOff, virtualmachineid: APPLIANCE });
      before.child.kill('SIGKILL');
      await once(before.child, 'exit');

      const after = await start(folder.path, new URL(before.endpoint).host);
      expect(after.endpoint).toBe(before.endpoint);
      expect(after.admin.account).toEqual(before.admin.account);
      expect(await after.admin.volume(attached)).toMatchObject({ virtualmachineid: APPLIANCE, deviceid: 1 });
      expect((await after.admin.volume(tagged))?.tags).toMatchObject([{ key: 'k', value: 'v' }]);
      expect(await after.admin.job(content.jobid)).toMatchObject({ jobstatus: 2, jobresultcode: 530 });
      expect(await after.admin.volume(cutOff)).not.toHaveProperty('virtualmachineid');
      const link = `virtio-${attached.replaceAll('-', '').slice(0, 20)}`;
      await until(() => existsSync(join(folder.path, 'guests', APPLIANCE, 'by-id', link)));
      expect((await after.admin.run('detachVolume', { id: attached })).jobstatus).toBe(1);
      after.child.kill('SIGTERM');
      const [code] = (await once(after.child, 'exit')) as [number | null];
      expect(code).toBe(0);
    } finally {
      await folder.remove();
    }
  });
});
