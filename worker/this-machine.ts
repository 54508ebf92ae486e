import { localMacAddresses, makeApplianceIdentity } from '../appliance/identity';
import type { ApplianceIdentity } from '../appliance/ports';
import type { ApplianceConfiguration } from './config';

/** Whether the machine that this process runs on is an appliance, as its worker would prove it. */
export interface ThisMachine {
  /** of its network cards */
  readonly macAddresses: readonly string[];
  prove(
    appliance: ApplianceConfiguration,
    listedMacAddresses: readonly string[],
  ): ReturnType<ApplianceIdentity['prove']>;
}

export function makeThisMachine(macAddresses: readonly string[] = localMacAddresses()): ThisMachine {
  return {
    macAddresses,
    prove: (appliance, listedMacAddresses) =>
      makeApplianceIdentity({ ...appliance, macAddresses: () => macAddresses }).prove({
        applianceId: appliance.id,
        macAddresses: listedMacAddresses,
      }),
  };
}
