import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CloudStackApi } from '../../cloudstack/api';
import { createCloudStackClient } from '../../cloudstack/client';
import { content, keys } from './scripted-server';
import { withClient } from './with-client';

const started = content({ id: 'volume-1', jobid: 'job-1' });

describe('what is sent', () => {
  const changes: [string, (client: CloudStackApi) => Promise<unknown>, Record<string, string>][] = [
    [
      'createVolume',
      (client) =>
        client.createVolume({
          name: 'disk',
          zoneId: 'z',
          diskOfferingId: 'o',
          sizeGib: 107,
          customId: 'c',
          customJobId: 'j',
          account: 'a',
          domainId: 'd',
          projectId: 'p',
        }),
      {
        name: 'disk',
        zoneid: 'z',
        diskofferingid: 'o',
        size: '107',
        customid: 'c',
        customjobid: 'j',
        account: 'a',
        domainid: 'd',
        projectid: 'p',
      },
    ],
    [
      'attachVolume',
      (client) => client.attachVolume({ id: 'v', virtualMachineId: 'm', deviceId: 0, customJobId: 'j' }),
      { id: 'v', virtualmachineid: 'm', deviceid: '0', customjobid: 'j' },
    ],
    [
      'attachVolume',
      (client) => client.attachVolume({ id: 'v', virtualMachineId: 'm' }),
      { id: 'v', virtualmachineid: 'm' },
    ],
    ['detachVolume', (client) => client.detachVolume({ id: 'v', customJobId: 'j' }), { id: 'v', customjobid: 'j' }],
    [
      'updateVolume',
      (client) => client.updateVolume({ id: 'v', deleteProtection: false }),
      { id: 'v', deleteprotection: 'false' },
    ],
    [
      'createTags',
      (client) => client.createTags({ resourceType: 'Volume', resourceIds: ['v', 'w'], tags: { a: '1', b: '' } }),
      {
        resourcetype: 'Volume',
        resourceids: 'v,w',
        'tags[0].key': 'a',
        'tags[0].value': '1',
        'tags[1].key': 'b',
        'tags[1].value': '',
      },
    ],
    [
      'deleteTags',
      (client) => client.deleteTags({ resourceType: 'UserVm', resourceIds: ['m'], tags: { a: '1' }, customJobId: 'j' }),
      { resourcetype: 'UserVm', resourceids: 'm', 'tags[0].key': 'a', 'tags[0].value': '1', customjobid: 'j' },
    ],
    [
      'resizeVolume',
      (client) => client.resizeVolume({ id: 'v', sizeGib: 20, customJobId: 'j' }),
      { id: 'v', size: '20', customjobid: 'j' },
    ],
    [
      'createVolume',
      (client) => client.createVolumeFromSnapshot({ name: 'n', snapshotId: 's', zoneId: 'z', customJobId: 'j' }),
      { name: 'n', snapshotid: 's', zoneid: 'z', customjobid: 'j' },
    ],
    [
      'createSnapshot',
      (client) => client.createSnapshot({ volumeId: 'v', name: 'n', tags: { a: '1' }, customJobId: 'j' }),
      { volumeid: 'v', name: 'n', 'tags[0].key': 'a', 'tags[0].value': '1', customjobid: 'j' },
    ],
    ['deleteSnapshot', (client) => client.deleteSnapshot({ id: 's', customJobId: 'j' }), { id: 's', customjobid: 'j' }],
    ['revertSnapshot', (client) => client.revertSnapshot({ id: 's', customJobId: 'j' }), { id: 's', customjobid: 'j' }],
    [
      'deployVirtualMachine',
      (client) =>
        client.deployVirtualMachine({
          name: 'vm',
          serviceOfferingId: 'o',
          templateId: 't',
          zoneId: 'z',
          networkIds: ['n', 'm'],
          macAddresses: ['02:00:00:00:00:01', '02:00:00:00:00:02'],
          startVm: false,
          details: { cpuNumber: '2', memory: '512' },
          rootDiskSizeGib: 8,
          bootType: 'UEFI',
          bootMode: 'SECURE',
        }),
      {
        name: 'vm',
        serviceofferingid: 'o',
        templateid: 't',
        zoneid: 'z',
        'iptonetworklist[0].networkid': 'n',
        'iptonetworklist[0].mac': '02:00:00:00:00:01',
        'iptonetworklist[1].networkid': 'm',
        'iptonetworklist[1].mac': '02:00:00:00:00:02',
        startvm: 'false',
        'details[0].cpuNumber': '2',
        'details[0].memory': '512',
        rootdisksize: '8',
        boottype: 'UEFI',
        bootmode: 'SECURE',
      },
    ],
    [
      'destroyVirtualMachine',
      (client) => client.destroyVirtualMachine({ id: 'm', expunge: true, volumeIds: ['v', 'w'] }),
      { id: 'm', expunge: 'true', volumeids: 'v,w' },
    ],
    ['destroyVirtualMachine', (client) => client.destroyVirtualMachine({ id: 'm', volumeIds: [] }), { id: 'm' }],
    [
      'stopVirtualMachine',
      (client) => client.stopVirtualMachine({ id: 'm', forced: true }),
      { id: 'm', forced: 'true' },
    ],
  ];

  test.each(changes)('a change goes by signed POST: %s', async (command, call, parameters) => {
    await withClient(async ({ server, client }) => {
      server.play(started);
      expect(await call(client)).toMatchObject({ jobId: 'job-1' });
      expect(server.requests).toMatchObject([{ method: 'POST', command, parameters, authentic: true }]);
      expect(server.requests[0]?.parameters).toEqual(parameters);
    });
  });

  test('deleteVolume is a POST, too, and takes both forms of success', async () => {
    await withClient(async ({ server, client }) => {
      server.play(content({ success: true }), content({ success: 'true' }));
      await client.deleteVolume({ id: 'v' });
      await client.deleteVolume({ id: 'v' });
      expect(server.requests).toMatchObject([{ method: 'POST', parameters: { id: 'v' } }, { method: 'POST' }]);
    });
  });

  test('updateVirtualMachine is synchronous', async () => {
    await withClient(async ({ server, client }) => {
      server.play(content({ virtualmachine: { id: 'm', state: 'Stopped' } }));
      await client.updateVirtualMachine({ id: 'm', osTypeId: 'linux' });
      expect(server.requests).toMatchObject([{ method: 'POST', parameters: { id: 'm', ostypeid: 'linux' } }]);
    });
  });

  test('a VM with more networks than addresses of cards is not sent', async () => {
    await withClient(async ({ server, client }) => {
      const vm = { name: 'vm', serviceOfferingId: 'o', templateId: 't', zoneId: 'z', startVm: false };
      const deploy = () => client.deployVirtualMachine({ ...vm, networkIds: ['n', 'm'], macAddresses: ['02::1'] });
      await expect(deploy()).rejects.toThrow(TypeError);
      expect(server.requests).toHaveLength(0);
    });
  });

  test('a read goes by signed GET, by POST when it would not fit into a request line', async () => {
    await withClient(async ({ server, client }) => {
      await client.listVolumes({ name: 'n', virtualMachineId: 'm', type: 'DATADISK', listAll: true, tags: { a: 'b' } });
      await client.listVolumes({ ids: Array.from({ length: 200 }, () => '1c266316-503d-451d-9392-9585a6fcba41') });
      expect(server.requests.map(({ method, authentic }) => [method, authentic])).toEqual([
        ['GET', true],
        ['POST', true],
      ]);
      expect(server.requests[0]?.parameters).toEqual({
        name: 'n',
        virtualmachineid: 'm',
        type: 'DATADISK',
        listall: 'true',
        'tags[0].key': 'a',
        'tags[0].value': 'b',
        page: '1',
        pagesize: '500',
      });
    });
  });

  test('requests expire ten minutes ahead', async () => {
    await withClient(async ({ server, client }) => {
      await client.listZones({});
      const expires = server.requests[0]?.raw['expires'] ?? '';
      expect(expires).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/);
      expect(Math.abs(Date.parse(expires) - Date.now() - 600_000)).toBeLessThan(30_000);
    });
  });

  test('any name is signed as the server reads it', async () => {
    await withClient(async ({ server, client }) => {
      server.play(started);
      const volume = { zoneId: 'z', diskOfferingId: 'o', sizeGib: 1 };
      const names = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'grapheme' }),
        fc.constant("~*!'()+ %7e&=#"),
      );
      await fc.assert(
        fc.asyncProperty(names, async (name) => {
          await client.createVolume({ ...volume, name });
          expect(server.requests.at(-1)?.parameters['name']).toBe(name);
        }),
        { numRuns: 60 },
      );
    });
  });
});

describe('createCloudStackClient refuses', () => {
  test.each(['', 'cloud.example.org/client/api', 'ftp://cloud.example.org/', 'http://admin:password@cloud/client/api'])(
    'the endpoint %j, without repeating it',
    (endpoint) => {
      expect(() => createCloudStackClient({ endpoint, ...keys })).toThrow(TypeError);
      expect(() => createCloudStackClient({ endpoint, ...keys })).not.toThrow(/password@/);
    },
  );

  test('empty keys', () => {
    const endpoint = 'http://127.0.0.1:1/client/api';
    expect(() => createCloudStackClient({ endpoint, apiKey: 'a', secretKey: '' })).toThrow(/empty/);
  });
});
