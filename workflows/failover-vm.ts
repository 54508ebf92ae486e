import { milliseconds } from '../domain/duration';
import type { AttachToVmInput, FailoverVmRef, PreflightFailoverOutput } from '../domain/failover-io';
import type { FailoverRequest } from '../domain/failover-request';
import { failoverDeviceIds } from '../domain/failover-request';
import { failureRecord } from '../domain/failures';
import type { VolumeRef } from '../domain/step-io';
import { allOrWorst } from './all-or-worst';
import type { FailoverRun } from './failover-run';
import { StepFailed } from './failure-of';

/** A failover makes one VM; another one is another run. */
export const ATTEMPT = 1;

/** A volume that is, or is to be, on the failover VM. */
export interface VmDisk {
  readonly volume: VolumeRef;
  readonly boot: boolean;
}

/**
 * Makes the failover VM: stopped, with its networks and without any disk.
 *
 * @throws StepFailed, Stopped as the ledger does
 */
export async function deployFailoverVm(
  { vm, view, ledger }: FailoverRun,
  request: FailoverRequest,
  { zoneId, target }: PreflightFailoverOutput,
): Promise<FailoverVmRef> {
  if (target === undefined) {
    throw new StepFailed(undefined, failureRecord('internal', { where: 'preflightFailover', cause: 'no target' }));
  }
  view.enter('deploying');
  const { name, firmware, osType } = request.target;
  const { failoverVmId } = await ledger.run('vm', 'deployVm', {
    ...vm,
    attempt: ATTEMPT,
    purpose: request.kind,
    name,
    zoneId,
    serviceOfferingId: target.serviceOfferingId,
    templateId: target.templateId,
    ...(target.hypervisor === undefined ? {} : { hypervisor: target.hypervisor }),
    networks: target.networks.map(({ id, macAddress }) => ({
      id,
      ...(macAddress === undefined ? {} : { macAddress }),
    })),
    details: target.details,
    firmware,
    ...(osType === undefined ? {} : { osTypeId: osType }),
    ...ownerOf(request),
  });
  view.state.failoverVm = { id: failoverVmId, name };
  view.recordAgain();
  const made = { ...vm, attempt: ATTEMPT, failoverVmId, failoverVmName: name };
  await ledger.run('vm', 'clearRoot', made);
  return made;
}

/** The inputs of attaching these disks: the boot disk as 0, data disks in key order. */
export function attachments(
  { failoverVmId, failoverVmName }: Pick<FailoverVmRef, 'failoverVmId' | 'failoverVmName'>,
  purpose: 'test' | 'live',
  disks: readonly VmDisk[],
): AttachToVmInput[] {
  const deviceIds = failoverDeviceIds(disks.map(({ volume, boot }) => ({ diskKey: volume.diskKey, boot })));
  return disks.map(({ volume, boot }) => ({
    ...volume,
    failoverVmId,
    failoverVmName,
    deviceId: deviceIds.get(volume.diskKey) ?? 0,
    role: `${purpose}_${boot ? 'root' : 'data'}`,
  }));
}

/**
 * Attaches and maps all disks: the root first, then the others side by side (their device ids are explicit).
 *
 * @throws StepFailed, Stopped as the ledger does
 */
export async function attachAll({ view, ledger }: FailoverRun, inputs: readonly AttachToVmInput[]): Promise<void> {
  view.enter('attaching');
  const attach = async (input: AttachToVmInput): Promise<void> => {
    await ledger.run(input.diskKey, 'attachToVm', input);
    view.change(input.diskKey, { deviceId: input.deviceId });
  };
  for (const root of inputs.filter((input) => input.deviceId === 0)) await attach(root);
  allOrWorst(await Promise.allSettled(inputs.filter((input) => input.deviceId !== 0).map(attach)));
  const map = async (input: AttachToVmInput): Promise<void> => {
    const { devicePath } = await ledger.run(input.diskKey, 'mapToVm', input);
    view.change(input.diskKey, { devicePath });
  };
  allOrWorst(await Promise.allSettled(inputs.map(map)));
}

/**
 * Waits until the failover VM is up and, where the request names a hook, healthy in its words. Not healthy in time is final: the
 * time was the patience.
 *
 * @throws StepFailed, Stopped as the ledger does
 */
export async function awaitHealth(
  { vm, activities, ledger }: FailoverRun,
  { kind, health }: FailoverRequest,
  { failoverVmId, failoverVmName }: FailoverVmRef,
): Promise<void> {
  const withinMs = milliseconds(health.within);
  await ledger.attempt(
    'vm',
    'checkHealth',
    () => activities.checkHealth({ ...vm, failoverVmId, failoverVmName, withinMs }),
    ['vm-unhealthy'],
  );
  const { hook } = health;
  if (hook === undefined) return;
  await ledger.attempt(
    'vm',
    'runHook',
    () => activities.runHook({ ...vm, hook, purpose: 'health', kind, failoverVmId, failoverVmName, withinMs }),
    ['hook-failed'],
  );
}

/** Who is to own what a request makes, where it says so. */
export function ownerOf({ account, domainId }: Pick<FailoverRequest, 'account' | 'domainId'>) {
  return { ...(account === undefined ? {} : { account }), ...(domainId === undefined ? {} : { domainId }) };
}
