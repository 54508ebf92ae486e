import { makeCopier } from '../../../appliance/copier';
import { makeCopyLocks } from '../../../appliance/copy-lock';
import { makeDeviceResolver } from '../../../appliance/device-resolver';
import { makeExportLinks } from '../../../appliance/export-links';
import { makeVerifier } from '../../../appliance/verifier';
import type { SimulatedAppliance } from './simulated-appliance';

/** The parts of an appliance over a test's folders, wired as the worker wires them. */
export function applianceParts(
  folders: SimulatedAppliance,
  options: { readonly simulated: boolean; readonly windowBytes?: number },
) {
  const locks = makeCopyLocks(folders.exportsDirectory);
  const exports = makeExportLinks(folders);
  const windows = options.windowBytes === undefined ? {} : { windowBytes: options.windowBytes };
  return {
    lock: locks,
    exports,
    resolver: makeDeviceResolver({ ...folders, simulated: options.simulated }),
    copier: makeCopier({ locks, exports, ...windows }),
    verifier: makeVerifier({ locks, ...windows }),
  };
}
