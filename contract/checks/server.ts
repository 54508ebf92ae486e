import { setTimeout as pause } from 'node:timers/promises';
import type { Check } from './check';

/** Jobs, limits and the server itself. */
export const serverChecks: readonly Check[] = [
  {
    name: 'queryAsyncJobResult by resource',
    about: '4.22.1 queryAsyncJobResult by resource: the latest job of that resource (§5.6, §1.6)',
    run: async (trial) => {
      const id = await trial.newVolume('by-resource');
      const attach = await trial.content('attachVolume', { id, virtualmachineid: trial.known('applianceA') });
      await trial.jobEnd(attach['jobid']);
      const job = await trial.content('queryAsyncJobResult', { resourceid: id, resourcetype: 'Volume' });
      trial.same('the latest job', job['jobid'], String(attach['jobid']));
      trial.same('its resource', job['jobinstanceid'], id);
      trial.same('jobstatus', job['jobstatus'], 1);
    },
  },
  {
    name: 'an expired job is as unknown as one never sent',
    about: 'job expiry, job.expire.minutes small (§5.6): 431 "… entity does not exist …"',
    needsControl: true,
    run: async (trial) => {
      const { id, jobid } = await trial.content('createVolume', {
        ...{ name: 'expiring', size: '1', zoneid: trial.known('zone') },
        diskofferingid: trial.known('customDiskOffering'),
      });
      await trial.jobEnd(jobid);
      await trial.control('/timings', { jobExpireMs: 1 });
      await pause(20);
      const reply = await trial.send('queryAsyncJobResult', { jobid: String(jobid) });
      trial.refused('the job', reply, 431, /Invalid parameter jobid value=.* entity does not exist/);
      trial.same('the volume is there all the same', (await trial.volume(String(id)))['state'], 'Allocated');
    },
  },
  {
    name: 'the request limit holds for a normal user and not for the root admin',
    about: 'throttling on for a normal user (§5.6, §1.4): 429, the delay only in the text',
    needsControl: true,
    run: async (trial) => {
      await trial.control('/modes', { throttling: { enabled: true, intervalSeconds: 2, max: 3 } });
      const statuses: number[] = [];
      for (let request = 0; request < 4; request += 1) {
        statuses.push((await trial.send('listZones', {}, 'user')).status);
      }
      trial.same('statuses of the user', statuses.join(' '), '200 200 200 429');
      const refused = await trial.send('listZones', {}, 'user');
      const text = /^The given user has reached his\/her account api limit, please retry after \[\d+\] ms\.$/;
      trial.refused('one more', refused, 429, text);
      for (let request = 0; request < 6; request += 1) {
        trial.same('status of the admin', (await trial.send('listZones')).status, 200);
      }
      const wait = Number(/\[(\d+)\]/.exec(refused.text)?.[1] ?? 0);
      await pause(wait + 20);
      trial.same('after the wait', (await trial.send('listZones', {}, 'user')).status, 200);
    },
  },
  {
    name: 'a server that is down refuses the connection, then answers at once',
    about: 'connection refused until ready (about 30 s), then answers at once',
    needsControl: true,
    run: async (trial) => {
      await trial.control('/faults', { kind: 'unavailable', how: 'refused', ms: 300 });
      const refusal = await trial.send('listZones').then(
        () => undefined,
        (error: unknown) => error as { cause?: { code?: string } },
      );
      trial.same('refused', refusal?.cause?.code, 'ECONNREFUSED');
      const until = Date.now() + 10_000;
      let status: number | undefined;
      while (status === undefined && Date.now() < until) {
        status = await trial.send('listZones').then(
          (reply) => reply.status,
          () => undefined,
        );
        await pause(25);
      }
      trial.same('afterwards', status, 200);
    },
  },
];
