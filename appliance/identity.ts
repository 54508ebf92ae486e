import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type { ApplianceIdentity } from './ports';

/**
 * How a machine proves that it is the appliance VM: a worker on the wrong machine would look for devices that are plugged
 * elsewhere, or write to another VM's disks.
 * - `dmi`: the firmware's product uuid is the VM's uuid (CloudStack's KVM agent sets it); readable by root only
 * - `nic`: one of the MAC addresses that CloudStack lists for the VM is on a network card here
 * - `file`: a file holds the VM's uuid; for hypervisors that show neither, and for simulated appliances
 */
export interface IdentitySettings {
  readonly identity: 'dmi' | 'nic' | 'file';
  /** for `file`; default /etc/diskferry/appliance-id */
  readonly identityFile: string;
  /** default /sys/class/dmi/id/product_uuid; another one only in tests */
  readonly productUuidFile?: string;
  /** MAC addresses of this machine; others only in tests */
  readonly macAddresses?: () => readonly string[];
}

export function makeApplianceIdentity(settings: IdentitySettings): ApplianceIdentity {
  return {
    prove: async ({ applianceId, macAddresses }) => {
      switch (settings.identity) {
        case 'dmi':
          return proveByFile('dmi', settings.productUuidFile ?? '/sys/class/dmi/id/product_uuid', applianceId);
        case 'file':
          return proveByFile('file', settings.identityFile, applianceId);
        case 'nic':
          return proveByNic(macAddresses, (settings.macAddresses ?? localMacAddresses)());
      }
    },
  };
}

type Verdict = Awaited<ReturnType<ApplianceIdentity['prove']>>;

async function proveByFile(how: string, file: string, applianceId: string): Promise<Verdict> {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim().toLowerCase();
  } catch (error) {
    return { ok: false, evidence: (error as Error).message };
  }
  if (text === applianceId.toLowerCase()) return { ok: true, how: `${how}: ${file}` };
  return { ok: false, evidence: `${file} says ${text === '' ? 'nothing' : text.slice(0, 100)}` };
}

function proveByNic(expected: readonly string[], here: readonly string[]): Verdict {
  const wanted = new Set(expected.map((address) => address.toLowerCase()));
  const match = here.find((address) => wanted.has(address.toLowerCase()));
  if (match !== undefined) return { ok: true, how: `nic: ${match}` };
  return {
    ok: false,
    evidence: `CloudStack lists ${expected.join(', ') || 'no MAC address'} for it; this machine has ${here.join(', ') || 'none'}`,
  };
}

/** MAC addresses of this machine's network cards, loopback left out. */
export function localMacAddresses(): string[] {
  const cards = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return [...new Set(cards.filter((card) => !card.internal).map((card) => card.mac))];
}
