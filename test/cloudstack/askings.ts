import type { CloudStackApi } from '../../cloudstack/api';
import type { TemplateFilter } from '../../cloudstack/api-parameters';
import type { RecordedStep } from './recordings';

export type Recorded = Readonly<Record<string, string>>;

/** How a recorded command is asked through the client, and which of its parameters (`!`: always) the client can send. */
interface Asking {
  readonly parameters: string;
  ask(client: CloudStackApi, recorded: Recorded): Promise<unknown>;
}

/** The parameters that a recorded request had, under the names and types of the client; those it had not are left out. */
function given<T extends object>(values: { readonly [Name in keyof T]: T[Name] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

const list = (text: string | undefined) => text?.split(',');
const flag = (text: string | undefined) => (text === undefined ? undefined : text === 'true');
const count = (text: string | undefined) => (text === undefined ? undefined : Number(text));

/** `tags[0].key=…&tags[0].value=…` */
function tagsOf(recorded: Recorded): Record<string, string> | undefined {
  const indexes = Object.keys(recorded).flatMap((name) => /^tags\[(\d+)\]\.key$/.exec(name)?.[1] ?? []);
  if (indexes.length === 0) return undefined;
  return Object.fromEntries(
    indexes.map((index) => [recorded[`tags[${index}].key`] ?? '', recorded[`tags[${index}].value`] ?? '']),
  );
}

/** `details[0].cpuNumber=…` */
function detailsOf(recorded: Recorded): Record<string, string> | undefined {
  const details = Object.entries(recorded).filter(([name]) => name.startsWith('details[0].'));
  if (details.length === 0) return undefined;
  return Object.fromEntries(details.map(([name, value]) => [name.slice('details[0].'.length), value]));
}

const askings: Readonly<Record<string, Asking>> = {
  listCapabilities: { parameters: '', ask: (client) => client.listCapabilities() },
  listUsers: { parameters: '', ask: (client) => client.listUsers() },
  listAccounts: { parameters: '', ask: (client) => client.listAccounts() },
  listNetworks: { parameters: 'id', ask: (client, filter) => client.listNetworks(filter) },
  listZones: { parameters: 'id name', ask: (client, filter) => client.listZones(filter) },
  listDiskOfferings: { parameters: 'id name', ask: (client, filter) => client.listDiskOfferings(filter) },
  listServiceOfferings: { parameters: 'id name', ask: (client, filter) => client.listServiceOfferings(filter) },
  listTemplates: {
    parameters: 'templatefilter! id name',
    ask: (client, { templatefilter, ...filter }) =>
      client.listTemplates({ ...filter, templateFilter: templatefilter as TemplateFilter['templateFilter'] }),
  },
  listVirtualMachines: { parameters: 'id name', ask: (client, filter) => client.listVirtualMachines(filter) },
  listHypervisorCapabilities: {
    parameters: 'hypervisor!',
    ask: (client, { hypervisor = '' }) => client.listHypervisorCapabilities({ hypervisor }),
  },
  listVolumes: {
    parameters: 'id ids name virtualmachineid zoneid type listall tags[0].key tags[0].value tags[1].key tags[1].value',
    ask: (client, recorded) => {
      const { id, ids, name, virtualmachineid, zoneid, type, listall } = recorded;
      return client.listVolumes(
        given({
          id,
          ids: list(ids),
          name,
          virtualMachineId: virtualmachineid,
          zoneId: zoneid,
          type: type as 'ROOT' | 'DATADISK' | undefined,
          listAll: flag(listall),
          tags: tagsOf(recorded),
        }),
      );
    },
  },
  listSnapshots: {
    parameters: 'id volumeid name',
    ask: (client, { id, volumeid, name }) => client.listSnapshots(given({ id, volumeId: volumeid, name })),
  },
  createVolume: {
    parameters: 'name! zoneid! diskofferingid snapshotid size customid customjobid',
    ask: (client, { name = '', zoneid = '', diskofferingid, snapshotid, size, customid, customjobid }) => {
      const ids = given({ customId: customid, customJobId: customjobid });
      const volume = { name, zoneId: zoneid, ...ids };
      if (snapshotid === undefined) {
        return client.createVolume({ ...volume, diskOfferingId: diskofferingid ?? '', sizeGib: Number(size) });
      }
      const shape = given({ diskOfferingId: diskofferingid, sizeGib: count(size) });
      return client.createVolumeFromSnapshot({ ...volume, ...shape, snapshotId: snapshotid });
    },
  },
  attachVolume: {
    parameters: 'id! virtualmachineid! deviceid customjobid',
    ask: (client, { id = '', virtualmachineid = '', deviceid, customjobid }) =>
      client.attachVolume({
        id,
        virtualMachineId: virtualmachineid,
        ...given({ deviceId: count(deviceid), customJobId: customjobid }),
      }),
  },
  detachVolume: {
    parameters: 'id! customjobid',
    ask: (client, { id = '', customjobid }) => client.detachVolume({ id, ...given({ customJobId: customjobid }) }),
  },
  deleteVolume: { parameters: 'id!', ask: (client, { id = '' }) => client.deleteVolume({ id }) },
  resizeVolume: {
    parameters: 'id! size!',
    ask: (client, { id = '', size }) => client.resizeVolume({ id, sizeGib: Number(size) }),
  },
  updateVolume: {
    parameters: 'id! deleteprotection!',
    ask: (client, { id = '', deleteprotection }) =>
      client.updateVolume({ id, deleteProtection: deleteprotection === 'true' }),
  },
  createSnapshot: {
    parameters: 'volumeid! name!',
    ask: (client, { volumeid = '', name = '' }) => client.createSnapshot({ volumeId: volumeid, name }),
  },
  deleteSnapshot: { parameters: 'id!', ask: (client, { id = '' }) => client.deleteSnapshot({ id }) },
  revertSnapshot: { parameters: 'id!', ask: (client, { id = '' }) => client.revertSnapshot({ id }) },
  deployVirtualMachine: {
    parameters:
      'name! displayname serviceofferingid! templateid! zoneid! networkids! hypervisor startvm! details[0].cpuNumber details[0].memory',
    ask: (client, recorded) =>
      client.deployVirtualMachine({
        name: recorded['name'] ?? '',
        serviceOfferingId: recorded['serviceofferingid'] ?? '',
        templateId: recorded['templateid'] ?? '',
        zoneId: recorded['zoneid'] ?? '',
        networkIds: list(recorded['networkids']) ?? [],
        startVm: recorded['startvm'] === 'true',
        ...given({
          displayName: recorded['displayname'],
          hypervisor: recorded['hypervisor'],
          details: detailsOf(recorded),
        }),
      }),
  },
  startVirtualMachine: { parameters: 'id!', ask: (client, { id = '' }) => client.startVirtualMachine({ id }) },
  stopVirtualMachine: {
    parameters: 'id! forced',
    ask: (client, { id = '', forced }) => client.stopVirtualMachine({ id, ...given({ forced: flag(forced) }) }),
  },
  destroyVirtualMachine: {
    parameters: 'id! expunge volumeids',
    ask: (client, { id = '', expunge, volumeids }) =>
      client.destroyVirtualMachine({ id, ...given({ expunge: flag(expunge), volumeIds: list(volumeids) }) }),
  },
  expungeVirtualMachine: { parameters: 'id!', ask: (client, { id = '' }) => client.expungeVirtualMachine({ id }) },
  queryAsyncJobResult: { parameters: 'jobid!', ask: (client, { jobid = '' }) => client.queryJob(jobid) },
};

/** What was asked for, without what the client adds to every request. */
export function recordedParameters(step: RecordedStep): Recorded {
  const added = ['command', 'response', 'signatureversion', 'expires', 'page', 'pagesize'];
  return Object.fromEntries(Object.entries(step.params).filter(([name]) => !added.includes(name)));
}

/** Whether the client has the command at all. */
export function isClientsCommand(step: RecordedStep): boolean {
  return (step.params['command'] ?? '') in askings;
}

/** Whether the client can ask exactly this. */
export function askingOf(step: RecordedStep): Asking | undefined {
  const found = askings[step.params['command'] ?? ''];
  if (found === undefined || step.body === undefined) return undefined;
  const names = Object.keys(recordedParameters(step));
  const known = found.parameters.split(' ').filter((name) => name !== '');
  const allKnown = names.every((name) => known.some((each) => each.replace('!', '') === name));
  const allThere = known.every((name) => !name.endsWith('!') || names.includes(name.slice(0, -1)));
  const sized = step.params['command'] !== 'createVolume' || names.includes('snapshotid') || names.includes('size');
  const wholeSize = step.params['size'] === undefined || /^-?\d+$/.test(step.params['size']);
  const offered =
    step.params['command'] !== 'createVolume' || names.some((name) => /^(diskoffering|snapshot)id$/.test(name));
  return allKnown && allThere && sized && wholeSize && offered ? found : undefined;
}
