import { describe, expect, test } from '@jest/globals';
import { content, page, refuse, type Play } from './scripted-server';
import { failureOf, withClient } from './with-client';

const volume = (id: string) => ({ id, name: `name-${id}`, size: 1073741824, state: 'Ready' });
const ids = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `v${String(from + index)}`);
const unknown = (id: string) =>
  refuse(431, {
    cserrorcode: 9999,
    errortext:
      'Unable to execute API command listvolumes due to invalid value. Invalid parameter id value=' +
      `${id} due to incorrect long value format, or entity does not exist or due to incorrect parameter annotation`,
  });

/** A list of volumes as a server pages it, its content asked for anew each time. */
function paged(list: () => readonly string[], options: { count?: boolean; most?: number } = {}): Play {
  return (request, response) => {
    const size = Number(request.parameters['pagesize']);
    if (size > (options.most ?? 500)) {
      const errortext = `Page size can't exceed max allowed page size value: ${String(options.most)}`;
      refuse(431, { errortext, cserrorcode: 4350 })(request, response);
      return;
    }
    const all = list();
    const from = (Number(request.parameters['page']) - 1) * size;
    const rows = all.slice(from, from + size).map(volume);
    const count = options.count === false || all.length === 0 ? {} : { count: all.length };
    void content({ ...count, ...(rows.length > 0 && { volume: rows }) })(request, response);
  };
}

describe('listVolumes', () => {
  test('nothing found has neither count nor array', async () => {
    await withClient(async ({ server, client }) => {
      server.play(content({}));
      expect(await client.listVolumes({ id: 'v' })).toEqual([]);
    });
  });

  test('an id that was never known is an empty list, another unknown thing is not', async () => {
    await withClient(async ({ server, client }) => {
      server.play(unknown('v7'));
      expect(await client.listVolumes({ id: 'v7' })).toEqual([]);
      expect(await failureOf(client.listVolumes({ virtualMachineId: 'v7' }))).toMatchObject({ kind: 'not-found' });
      expect(await failureOf(client.listVolumes({ id: 'v8', zoneId: 'v7' }))).toMatchObject({ kind: 'not-found' });
    });
  });

  test('one unknown id of several does not hide the others', async () => {
    await withClient(async ({ server, client }) => {
      server.play((request, response) => {
        const { id, ids: several } = request.parameters;
        const play =
          several !== undefined || id === 'v2' ? unknown('v2') : content({ count: 1, volume: [volume(id ?? '')] });
        return play(request, response);
      });
      const found = await client.listVolumes({ ids: ['v1', 'v2', 'v3'], zoneId: 'z' });
      expect(found.map(({ id }) => id)).toEqual(['v1', 'v3']);
      expect(server.requests.at(-1)?.parameters).toMatchObject({ zoneid: 'z' });
    });
  });

  test('no ids are no volumes, and nothing is asked', async () => {
    await withClient(async ({ server, client }) => {
      expect(await client.listVolumes({ ids: [] })).toEqual([]);
      expect(server.requests).toHaveLength(0);
    });
  });

  test.each([0, 1, 499, 500, 501, 1000, 1203])('%d volumes come whole, with and without a count', async (total) => {
    await withClient(async ({ server, client }) => {
      for (const count of [true, false]) {
        server.play(paged(() => ids(total), { count }));
        const found = await client.listVolumes({ listAll: true });
        expect(found.map(({ id }) => id)).toEqual(ids(total));
      }
    });
  });

  test('a server with smaller pages is asked for those', async () => {
    await withClient(async ({ server, client }) => {
      server.play(paged(() => ids(450), { most: 200 }));
      expect(await client.listVolumes({ listAll: true })).toHaveLength(450);
    });
  });

  test('a volume that slips to an earlier page by a deletion is not missed', async () => {
    await withClient(async ({ server, client }) => {
      let list = ids(700);
      let asked = 0;
      server.play(
        paged(() => {
          // the first volume is deleted between the first page and the second
          if (++asked === 2) list = list.slice(1);
          return list;
        }),
      );
      const found = await client.listVolumes({ listAll: true });
      expect(found.map(({ id }) => id)).toEqual(ids(699, 1));
    });
  });

  test('5,000 volumes, some made and some deleted while they are read: none twice, none of the others missing', async () => {
    await withClient(async ({ server, client }) => {
      // newest first, as CloudStack lists them
      let list = ids(5_000).reverse();
      let asked = 0;
      server.play(
        paged(() => {
          asked += 1;
          if (asked === 3) list = ['new-1', 'new-2', ...list.filter((id) => id !== 'v4999')];
          if (asked === 7) list = ['new-3', ...list.filter((id) => id !== 'v10')];
          return list;
        }),
      );
      const found = (await client.listVolumes({ listAll: true })).map(({ id }) => id);
      expect(new Set(found).size).toBe(found.length);
      const lasting = ids(5_000).filter((id) => id !== 'v4999' && id !== 'v10');
      expect(lasting.filter((id) => !found.includes(id))).toEqual([]);
    });
  });

  test('rows of one date may come in another order: one that came twice means that another was missed', async () => {
    await withClient(async ({ server, client }) => {
      let asked = 0;
      server.play(
        paged(() => (++asked === 2 ? [...ids(1, 500), ...ids(499), ...ids(1, 499), ...ids(199, 501)] : ids(700))),
      );
      expect(await client.listVolumes({ listAll: true })).toHaveLength(700);
      expect(asked).toBe(4);
    });
  });

  test('a list that never stands still is unavailable, not short', async () => {
    await withClient(async ({ server, client }) => {
      let list = ids(700);
      server.play(paged(() => (list = list.slice(1))));
      expect(await failureOf(client.listVolumes({ listAll: true }))).toMatchObject({ kind: 'unavailable' });
    });
  });
});

describe('lists of other things', () => {
  test('a network is found by its exact name: CloudStack has no such parameter and would list all', async () => {
    await withClient(async ({ server, client }) => {
      server.play(
        content({
          count: 2,
          network: [
            { id: 'n', name: 'lan' },
            { id: 'm', name: 'lan-2' },
          ],
        }),
      );
      expect(await client.listNetworks({ name: 'lan', zoneId: 'z' })).toEqual([{ id: 'n', name: 'lan' }]);
      expect(server.requests[0]?.parameters).not.toHaveProperty('name');
    });
  });

  test('a template in two zones is two rows, also over pages', async () => {
    await withClient(async ({ server, client }) => {
      const rows = ids(300).flatMap((id) => ['z1', 'z2'].map((zoneid) => ({ id, name: id, zoneid })));
      server.play((request, response) => {
        const from = (Number(request.parameters['page']) - 1) * 500;
        return content({ count: 600, template: rows.slice(from, from + 500) })(request, response);
      });
      expect(await client.listTemplates({ templateFilter: 'all' })).toHaveLength(600);
    });
  });

  test('limits have no id', async () => {
    await withClient(async ({ server, client }) => {
      const rows = [
        { account: 'a', domainid: 'd', resourcetype: '2', resourcetypename: 'volume', max: 20 },
        { account: 'a', domainid: 'd', resourcetype: '10', resourcetypename: 'primary_storage', max: '-1' },
      ];
      server.play(content({ count: 2, resourcelimit: rows }));
      expect(await client.listResourceLimits({})).toMatchObject([
        { resourcetype: 2, max: 20 },
        { resourcetype: 10, max: -1 },
      ]);
    });
  });

  test('snapshots of VMs come under their own name', async () => {
    await withClient(async ({ server, client }) => {
      server.play(({ command }, response) => {
        expect(command).toBe('listVMSnapshot');
        response.end('{"listvmsnapshotresponse":{"count":1,"vmSnapshot":[{"id":"s","state":"Ready"}]}}');
      });
      expect(await client.listVmSnapshots({ virtualMachineId: 'm' })).toEqual([{ id: 's', name: '', state: 'Ready' }]);
    });
  });
});

describe('answers are read tolerantly', () => {
  test('numbers and booleans as text', async () => {
    await withClient(async ({ server, client }) => {
      const row = { ...volume('v'), size: '10737418240', deviceid: '3', deleteprotection: 'true', jobstatus: '0' };
      server.play(content({ count: '1', volume: [row] }));
      expect(await client.listVolumes({ id: 'v' })).toMatchObject([
        { size: 10737418240, deviceid: 3, deleteprotection: true, jobstatus: 0, tags: [] },
      ]);
    });
  });

  test('the content type of old releases', async () => {
    await withClient(async ({ server, client }) => {
      server.play(
        page(
          200,
          'text/javascript; charset=UTF-8',
          '{"listzonesresponse":{"count":1,"zone":[{"id":"z","name":"QC"}]}}',
        ),
      );
      expect(await client.listZones({ name: 'QC' })).toEqual([{ id: 'z', name: 'QC' }]);
    });
  });

  test('a volume without a size is not guessed at', async () => {
    await withClient(async ({ server, client }) => {
      server.play(content({ count: 1, volume: [{ id: 'v', state: 'Ready' }] }));
      const error = await failureOf(client.listVolumes({ id: 'v' }));
      expect(error).toMatchObject({ kind: 'unavailable', text: expect.stringMatching(/not as expected.*size/) });
    });
  });
});
