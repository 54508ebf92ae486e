import type { Caller } from './caller';
import { isFields } from './recording';
import type { Fields } from './recording';

/** What the fixtures' README says was there before: the recordings' names for ids, and what is not there. */
export interface FoundWorld {
  readonly known: Readonly<Record<string, string>>;
  /** in words, for the person who runs the suite */
  readonly missing: readonly string[];
}

interface Expected {
  readonly placeholder: string;
  readonly command: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** the field of the answer with the rows */
  readonly rows: string;
  /** the name by which it is found; the first that there is when left out */
  readonly name?: string;
  readonly kind: string;
}

const listAll = { listall: 'true' };

const world: readonly Expected[] = [
  { placeholder: 'zone', command: 'listZones', rows: 'zone', name: 'zone1', kind: 'zone' },
  {
    placeholder: 'customDiskOffering',
    command: 'listDiskOfferings',
    rows: 'diskoffering',
    name: 'custom-disk',
    kind: 'disk offering (custom size)',
  },
  {
    placeholder: 'fixedDiskOffering5',
    command: 'listDiskOfferings',
    rows: 'diskoffering',
    name: 'fixed-5',
    kind: 'disk offering (5 GiB)',
  },
  {
    placeholder: 'serviceOffering',
    command: 'listServiceOfferings',
    rows: 'serviceoffering',
    name: 'appliance-2c4g',
    kind: 'service offering',
  },
  {
    placeholder: 'customServiceOffering',
    command: 'listServiceOfferings',
    rows: 'serviceoffering',
    name: 'custom-vm',
    kind: 'service offering (customised)',
  },
  {
    placeholder: 'template',
    command: 'listTemplates',
    parameters: { templatefilter: 'executable' },
    rows: 'template',
    kind: 'template',
  },
  {
    placeholder: 'adminNetwork',
    command: 'listNetworks',
    parameters: listAll,
    rows: 'network',
    name: 'l2-admin',
    kind: 'L2 network',
  },
  {
    placeholder: 'userNetwork',
    command: 'listNetworks',
    parameters: listAll,
    rows: 'network',
    name: 'l2-user',
    kind: 'L2 network',
  },
  {
    placeholder: 'applianceA',
    command: 'listVirtualMachines',
    parameters: listAll,
    rows: 'virtualmachine',
    name: 'appliance-a',
    kind: 'running VM of admin',
  },
  {
    placeholder: 'applianceB',
    command: 'listVirtualMachines',
    parameters: listAll,
    rows: 'virtualmachine',
    name: 'appliance-b',
    kind: 'running VM of admin',
  },
  {
    placeholder: 'applianceOfUser',
    command: 'listVirtualMachines',
    parameters: listAll,
    rows: 'virtualmachine',
    name: 'appliance-u',
    kind: 'running VM of the normal user',
  },
];

/**
 * Looks up the world of the recordings by its names, as the root admin sees it.
 *
 * @throws Error when the server refuses the keys; TypeError when nobody answers
 */
export async function findWorld(admin: Caller, user: Caller): Promise<FoundWorld> {
  const known: Record<string, string> = { 'apikey-admin': admin.keys.apiKey, 'apikey-user': user.keys.apiKey };
  const missing: string[] = [];
  for (const { placeholder, command, parameters = {}, rows, name, kind } of world) {
    const row = rowsOf(await admin.read(command, parameters), rows).find(
      (each) => name === undefined || each['name'] === name,
    );
    if (row === undefined) missing.push(`${kind} ${name ?? ''}`.trim());
    else known[placeholder] = String(row['id']);
    const state = row?.['state'];
    if (rows === 'virtualmachine' && row !== undefined && state !== 'Running')
      missing.push(`${name ?? ''} running (it is ${String(state)})`);
  }
  const account = rowsOf(await admin.read('listAccounts'), 'account')[0];
  if (account?.['domain'] === 'ROOT') known['rootDomain'] = String(account['domainid']);
  else missing.push('an admin in the root domain');
  await user.read('listCapabilities');
  missing.push(...(await leftOvers(admin)));
  return { known, missing };
}

/** Each scenario begins without data volumes. */
async function leftOvers(admin: Caller): Promise<string[]> {
  const volumes = rowsOf(await admin.read('listVolumes', { ...listAll, type: 'DATADISK' }), 'volume');
  const names = volumes.slice(0, 5).map((volume) => String(volume['name']));
  return volumes.length === 0
    ? []
    : [`a world without data volumes (there are ${String(volumes.length)}: ${names.join(', ')})`];
}

/** The rows of a listing. */
export function rowsOf(content: Fields, key: string): Fields[] {
  const rows = content[key];
  return Array.isArray(rows) ? rows.filter(isFields) : [];
}
