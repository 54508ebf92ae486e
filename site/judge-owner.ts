import type { VirtualMachine } from '../cloudstack/api';
import type { ReplicationRequest } from '../domain/request';

/** Whom volumes belong to when the request names nobody: the key's own account. */
export interface KeyOwner {
  readonly account: string;
  readonly domainid: string;
}

/**
 * CloudStack attaches only within one owner. Undefined when the volumes would belong to the appliance's owner, or when that cannot
 * be told; else both in words.
 */
export function judgeOwner(
  appliance: VirtualMachine,
  request: Pick<ReplicationRequest, 'account' | 'domainId' | 'projectId'>,
  key: KeyOwner | undefined,
): { readonly applianceOwner: string; readonly volumeOwner: string } | undefined {
  const owner = applianceOwner(appliance);
  if (request.projectId !== undefined) {
    return appliance.projectid === request.projectId
      ? undefined
      : { applianceOwner: owner, volumeOwner: `project ${request.projectId}` };
  }
  const account = request.account ?? key?.account;
  const domain = request.account === undefined ? key?.domainid : request.domainId;
  if (account === undefined) return undefined;
  const same =
    appliance.projectid === undefined &&
    (appliance.account === undefined || appliance.account === account) &&
    (appliance.domainid === undefined || domain === undefined || appliance.domainid === domain);
  return same ? undefined : { applianceOwner: owner, volumeOwner: `account ${account} in domain ${domain ?? '?'}` };
}

/** Whom a VM belongs to, in words. */
export function applianceOwner(vm: Pick<VirtualMachine, 'account' | 'domainid' | 'projectid'>): string {
  return vm.projectid === undefined
    ? `account ${vm.account ?? '?'} in domain ${vm.domainid ?? '?'}`
    : `project ${vm.projectid}`;
}
