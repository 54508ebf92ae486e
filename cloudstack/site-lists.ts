import type * as api from './api';
import { listById } from './list-by-id';
import { listAll, type Listing } from './list-pages';
import { encodeParameters } from './parameters';
import type { SignedCalls } from './signed-calls';
import * as responses from './site-responses';
import { understand } from './understand';

const zones: Listing<api.Zone> = { command: 'listZones', array: 'zone', item: responses.zoneSchema };
const diskOfferings: Listing<api.DiskOffering> = {
  command: 'listDiskOfferings',
  array: 'diskoffering',
  item: responses.diskOfferingSchema,
};
const serviceOfferings: Listing<api.ServiceOffering> = {
  command: 'listServiceOfferings',
  array: 'serviceoffering',
  item: responses.serviceOfferingSchema,
};
// a template has a row for each zone that holds it
const templates: Listing<api.Template> = {
  command: 'listTemplates',
  array: 'template',
  item: responses.templateSchema,
  key: ['id', 'zoneid'],
};
const networks: Listing<api.Network> = { command: 'listNetworks', array: 'network', item: responses.networkSchema };
const hypervisorCapabilities: Listing<api.HypervisorCapability> = {
  command: 'listHypervisorCapabilities',
  array: 'hypervisorCapabilities',
  item: responses.hypervisorCapabilitySchema,
};
const users: Listing<api.User> = { command: 'listUsers', array: 'user', item: responses.userSchema };
const accounts: Listing<api.Account> = { command: 'listAccounts', array: 'account', item: responses.accountSchema };
const domains: Listing<api.Domain> = { command: 'listDomains', array: 'domain', item: responses.domainSchema };
const projects: Listing<api.Project> = { command: 'listProjects', array: 'project', item: responses.projectSchema };
const resourceLimits: Listing<api.ResourceLimit> = {
  command: 'listResourceLimits',
  array: 'resourcelimit',
  item: responses.resourceLimitSchema,
  key: ['resourcetype', 'account', 'domainid', 'projectid', 'tag'],
};

/** The commands that look at what a site offers and what the key may use of it. */
type SiteLists = Pick<
  api.CloudStackApi,
  | 'listCapabilities'
  | 'listZones'
  | 'listDiskOfferings'
  | 'listServiceOfferings'
  | 'listTemplates'
  | 'listNetworks'
  | 'listHypervisorCapabilities'
  | 'listUsers'
  | 'listAccounts'
  | 'listDomains'
  | 'listProjects'
  | 'listResourceLimits'
>;

export function createSiteLists(calls: SignedCalls): SiteLists {
  return {
    async listCapabilities(options) {
      const command = 'listCapabilities';
      const content = await calls.send(command, 'read', {}, options);
      return understand(calls, command, 'read', responses.capabilitiesSchema, content['capability']);
    },
    listZones: (filter, options) => listById(calls, zones, filter.id, encodeParameters({ ...filter }), options),
    listDiskOfferings: (filter, options) =>
      listById(calls, diskOfferings, filter.id, encodeParameters({ ...filter }), options),
    listServiceOfferings: (filter, options) =>
      listById(calls, serviceOfferings, filter.id, encodeParameters({ ...filter }), options),
    listTemplates: ({ templateFilter, id, name, zoneId, projectId }, options) => {
      const parameters = { templatefilter: templateFilter, id, name, zoneid: zoneId, projectid: projectId };
      return listById(calls, templates, id, encodeParameters(parameters), options);
    },
    async listNetworks({ id, name, zoneId, listAll: all, projectId }, options) {
      const parameters = { id, zoneid: zoneId, listall: all, projectid: projectId };
      const listed = await listById(calls, networks, id, encodeParameters(parameters), options);
      return name === undefined ? listed : listed.filter((network) => network.name === name);
    },
    listHypervisorCapabilities: (filter, options) =>
      listAll(calls, hypervisorCapabilities, encodeParameters({ ...filter }), options),
    listUsers: (options) => listAll(calls, users, {}, options),
    listAccounts: (options) => listAll(calls, accounts, {}, options),
    listDomains: ({ id, name, listAll: all }, options) =>
      listById(calls, domains, id, encodeParameters({ id, name, listall: all }), options),
    listProjects: ({ id, name, listAll: all }, options) =>
      listById(calls, projects, id, encodeParameters({ id, name, listall: all }), options),
    listResourceLimits: ({ account, domainId, projectId }, options) =>
      listAll(calls, resourceLimits, encodeParameters({ account, domainid: domainId, projectid: projectId }), options),
  };
}
