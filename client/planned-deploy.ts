import type { PreflightFailoverOutput } from '../domain/failover-io';
import type { FailoverTarget } from '../domain/failover-request';
import { ownerParams, type PlannedCall } from './failover-calls';
import type { PlannableRequest } from './failover-plan';

/** deployVirtualMachine as it would be sent, and the OS type, which CloudStack takes only afterwards. */
export function deployCall(
  request: PlannableRequest,
  target: FailoverTarget,
  preflight: PreflightFailoverOutput,
): PlannedCall[] {
  const found = preflight.target;
  const uefi = target.firmware !== 'bios';
  const networks = found?.networks ?? [];
  const params: Record<string, string> = {
    name: target.name,
    // Where the key may not choose the VM's id, the display name carries the operation's: it is how the VM is found again.
    displayname: preflight.mayChooseIds ? target.name : '…',
    serviceofferingid: found?.serviceOfferingId ?? target.serviceOffering,
    templateid: found?.templateId ?? target.template,
    zoneid: preflight.zoneId,
    startvm: 'false',
    ...(found?.hypervisor !== undefined && { hypervisor: found.hypervisor }),
    ...networkParams(networks),
    ...(uefi && { boottype: 'UEFI', bootmode: target.firmware === 'uefi-secure' ? 'SECURE' : 'LEGACY' }),
    ...Object.fromEntries(Object.entries(found?.details ?? {}).map(([name, value]) => [`details[0].${name}`, value])),
    ...ownerParams(request),
    ...(preflight.mayChooseIds && { customid: '…' }),
  };
  return [
    {
      command: 'deployVirtualMachine',
      params,
      why: `makes ${target.name}, stopped (${found?.serviceOfferingName ?? target.serviceOffering}, template ${found?.templateName ?? target.template})`,
    },
    ...(target.osType === undefined
      ? []
      : [
          {
            command: 'updateVirtualMachine',
            params: { id: '…', ostypeid: target.osType },
            why: 'sets its OS type, which a deploy does not take',
          },
        ]),
  ];
}

/** Networks alone go as a list, with the addresses of their cards as a map; together CloudStack refuses them. */
function networkParams(
  networks: readonly { readonly id: string; readonly macAddress?: string | undefined }[],
): Record<string, string> {
  if (networks.every(({ macAddress }) => macAddress === undefined)) {
    return networks.length === 0 ? {} : { networkids: networks.map(({ id }) => id).join(',') };
  }
  return Object.fromEntries(
    networks.flatMap(({ id, macAddress }, index) => [
      [`iptonetworklist[${String(index)}].networkid`, id],
      [`iptonetworklist[${String(index)}].mac`, macAddress ?? ''],
    ]),
  );
}
