import { invalidParameter } from '../api-error';
import { apiDate } from '../answers/dates';
import type { Command } from '../call';
import { derivedId } from '../derived-id';
import { pageOf, sameText } from '../listing';
import { namedFilter } from '../named-filter';
import { pagingParameters, scopeParameters } from '../parameters';

/** Which filters (VirtualMachineTemplate.TemplateFilter) show a public, featured template of the system's own account. */
const FILTERS: ReadonlyMap<string, boolean> = new Map([
  ['featured', true],
  ['self', false],
  ['selfexecutable', false],
  ['sharedexecutable', false],
  ['executable', true],
  ['community', false],
  ['all', true],
]);
const TEMPLATE_BYTES = 2 * 1024 ** 3;

/** listTemplates: the one template of the world, ready everywhere. Where its copies are is the root admin's to see. */
export const listTemplates: Command = {
  name: 'listTemplates',
  parameters: {
    ...pagingParameters,
    ...scopeParameters,
    templatefilter: { type: 'text', required: true },
    id: { type: 'id', entity: 'Template' },
    ids: { type: 'ids', entity: 'Template' },
    name: { type: 'text' },
    hypervisor: { type: 'text' },
    zoneid: { type: 'id', entity: 'Zone' },
  },
  run(call) {
    const { world, caller, arguments: given } = call;
    const { template, zone, storage, rootDomainId, machines } = world.description;
    const admin = caller.role === 'admin';
    const filter = given.required('templatefilter');
    if (!FILTERS.has(filter)) {
      throw invalidParameter(`No enum constant com.cloud.template.VirtualMachineTemplate.TemplateFilter.${filter}`);
    }
    if (filter === 'all' && !admin) throw invalidParameter('Filter all can be specified by admin only');
    const hypervisor = machines[0]?.hypervisor ?? 'KVM';
    const byId = given.names('id') || given.names('ids');
    const found =
      // A template that is named by its id is shown whatever the filter.
      (byId || FILTERS.get(filter) === true) &&
      namedFilter(call)(template) &&
      sameText(given.text('hypervisor') ?? hypervisor, hypervisor)
        ? [{ number: 1 }]
        : [];
    const copy = (datastore: string, role: string, id: string) => ({
      downloadState: 'DOWNLOADED',
      datastore,
      datastoreRole: admin ? role : undefined,
      downloadPercent: '100',
      datastoreId: admin ? id : undefined,
    });
    return pageOf(call, 'template', found, () => ({
      id: template.id,
      name: template.name,
      displaytext: template.name,
      ispublic: true,
      created: apiDate(world.begun),
      isready: true,
      passwordenabled: false,
      format: 'VHD',
      isfeatured: true,
      crossZones: true,
      ostypeid: derivedId('guest system', template.id),
      ostypename: template.osName,
      account: 'system',
      zoneid: zone.id,
      zonename: zone.name,
      status: admin ? 'Download Complete' : undefined,
      size: TEMPLATE_BYTES,
      physicalsize: TEMPLATE_BYTES,
      templatetype: 'BUILTIN',
      hypervisor,
      domain: 'ROOT',
      domainpath: 'ROOT',
      domainid: rootDomainId,
      isextractable: false,
      checksum: '',
      details: {},
      downloaddetails: [
        copy('nfs://storage.invalid/secondary', 'Image', derivedId('secondary storage', storage.id)),
        copy(storage.name, 'Primary', storage.id),
      ],
      arch: 'x86_64',
      bits: 0,
      sshkeyenabled: false,
      isdynamicallyscalable: false,
      directdownload: false,
      deployasis: false,
      forcks: false,
      requireshvm: false,
      url: admin ? `http://images.invalid/${template.id}.vhd.bz2` : undefined,
      tags: [],
      hasannotations: false,
    }));
  },
};
