import type { PrepareGuestInput } from '../domain/failover-io';
import { devicePath } from '../domain/device-path';
import type { VmRef } from '../domain/step-io';

/** What a hook is called for. */
export interface HookOccasion {
  /** name of its section; absent for `convert` */
  readonly hook?: string;
  readonly purpose: 'quiesce' | 'resume' | 'health' | 'guest';
  readonly kind?: 'test' | 'live' | undefined;
  readonly workflowId: string;
  readonly failoverVmId?: string | undefined;
  readonly failoverVmName?: string | undefined;
  /** of a guest step: the boot disk first */
  readonly disks?: PrepareGuestInput['disks'];
}

/**
 * The environment variables of a hook, as docs/hooks.md names them: who and what it is called for. No secret is among them, and what
 * is not known has no variable.
 */
export function hookEnvironment(vm: VmRef, occasion: HookOccasion): Record<string, string> {
  const { hook, purpose, kind, workflowId, failoverVmId, failoverVmName, disks = [] } = occasion;
  const known: Readonly<Record<string, string | undefined>> = {
    HOOK: hook,
    PURPOSE: purpose,
    FAILOVER_KIND: kind,
    SITE: vm.site,
    SOURCE_ID: vm.sourceId,
    SOURCE_VM_ID: vm.sourceVmId,
    SOURCE_VM_NAME: vm.vmName,
    APPLIANCE_ID: vm.applianceId,
    WORKFLOW_ID: workflowId,
    RUN_ID: vm.firstRunId,
    FAILOVER_VM_ID: failoverVmId,
    FAILOVER_VM_NAME: failoverVmName,
    DISK_COUNT: disks.length === 0 ? undefined : String(disks.length),
    BOOT_DEVICE: disks.find(({ boot }) => boot)?.device.deviceNode,
  };
  const ofDisks = disks.flatMap(({ diskKey, boot, volumeId, volumeBytes, device }, index) => {
    const of = `DISK_${String(index)}`;
    return [
      [`${of}_KEY`, String(diskKey)],
      [`${of}_BOOT`, String(boot)],
      [`${of}_VOLUME_ID`, volumeId],
      [`${of}_BYTES`, String(volumeBytes)],
      [`${of}_DEVICE`, device.deviceNode],
      [`${of}_DEVICE_PATH`, devicePath(vm.applianceId, volumeId)],
    ] as const;
  });
  return Object.fromEntries(
    [...Object.entries(known), ...ofDisks].flatMap(([name, value]) =>
      value === undefined ? [] : [[`DISKFERRY_${name}`, oneLine(value)]],
    ),
  );
}

/** A name may hold anything; what a script reads line by line, and execve(2) at all, cannot. */
function oneLine(value: string): string {
  return value.replace(/[\u0000-\u001f\u007f]/g, ' ');
}
