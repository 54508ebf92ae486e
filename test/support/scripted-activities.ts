import { ApplicationFailure } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import { devicePath } from '../../domain/device-path';
import type { FailureCode, FailureFields } from '../../domain/failures';
import { failureRecord } from '../../domain/failures';
import { exportName } from '../../domain/names';
import { bytesToGibUp, gibToBytes } from '../../domain/sizes';
import type { AllActivities, DoctorActivities, FailoverActivities, ReconcileActivities } from '../../activities/queues';
import { failoverAnswers } from './scripted-failover';

type Name = keyof (AllActivities & FailoverActivities & DoctorActivities & ReconcileActivities);

/** One call that a workflow made: the activity, its disk where it has one, and the how-manieth of its kind it was. */
export interface Call {
  readonly name: Name;
  readonly diskKey?: number;
  readonly nth: number;
  readonly input: Record<string, unknown>;
}

/** What a script does instead of the activity's good answer: throws, waits, or answers something else. */
export type Script = (call: Call) => Promise<unknown> | undefined;

/** A failure as an activity of a real worker throws it: only *unavailable* and *unknown* are retried by the server. */
export function applicationFailure<C extends FailureCode>(code: C, fields: FailureFields<C>): ApplicationFailure {
  const record = failureRecord(code, fields);
  return ApplicationFailure.create({
    message: record.message,
    type: code,
    nonRetryable: record.class !== 'unavailable' && record.class !== 'unknown',
    details: [record],
  });
}

/** Waits until the workflow cancels the activity, as a long copy does. */
export async function untilCancelled(): Promise<never> {
  const beat = setInterval(() => {
    Context.current().heartbeat();
  }, 50);
  try {
    await Context.current().cancelled;
  } finally {
    clearInterval(beat);
  }
  throw new Error('never reached');
}

/**
 * Activities that do nothing but answer well, one and the same for every run, unless a script says otherwise. They stand in for
 * the real ones where the subject is the workflow alone: what it does about each outcome.
 */
export class ScriptedActivities {
  readonly calls: Call[] = [];
  #script: Script = () => undefined;

  script(script: Script): void {
    this.#script = script;
  }

  /** Names of the calls for one disk, in order. */
  ofDisk(diskKey: number): string[] {
    return this.calls.filter((call) => call.diskKey === diskKey).map((call) => call.name);
  }

  count(name: Name, diskKey?: number): number {
    return this.calls.filter((call) => call.name === name && (diskKey === undefined || call.diskKey === diskKey))
      .length;
  }

  /** The functions for a worker. */
  functions(): Record<Name, (input: unknown) => Promise<unknown>> {
    const names = Object.keys(answers) as Name[];
    return Object.fromEntries(names.map((name) => [name, (input: unknown) => this.#run(name, input)])) as Record<
      Name,
      (input: unknown) => Promise<unknown>
    >;
  }

  async #run(name: Name, given: unknown): Promise<unknown> {
    const input = given as Record<string, unknown>;
    const diskKey = input['diskKey'] as number | undefined;
    const call: Call = {
      name,
      nth: 1 + this.calls.filter((made) => made.name === name && made.diskKey === diskKey).length,
      input,
      ...(diskKey === undefined ? {} : { diskKey }),
    };
    this.calls.push(call);
    const scripted = this.#script(call);
    return scripted === undefined ? answers[name](input) : await scripted;
  }
}

/** A volume id that tells the disk and the provisioning attempt. */
export function scriptedVolumeId(diskKey: number, attempt = 1): string {
  return `00000000-0000-4000-8000-${String(attempt).padStart(4, '0')}${String(diskKey).padStart(8, '0')}`;
}

const undone = (undo: string) => () => ({ undo, outcome: 'undone' });

const answers: Record<Name, (input: Record<string, unknown>) => unknown> = {
  claimVm: () => ({ epoch: 1 }),
  endClaim: () => undefined,
  recordPhase: () => undefined,
  listReplicas: () => ({ replicas: [] }),
  preflightSite: () => ({
    zoneId: '11111111-1111-4111-8111-111111111111',
    zoneName: 'QC',
    diskOfferingId: '22222222-2222-4222-8222-222222222222',
    diskOfferingName: 'replica-custom',
    cloudStackVersion: '4.22.1.0',
    applianceName: 'appliance-qc',
    freeSlots: 32,
    slotLimit: 32,
    mayChooseVolumeIds: true,
    applianceMacAddresses: [],
    existingVolumes: [],
  }),
  preflightAppliance: () => ({ identity: 'file', bootId: 'b', sources: [] }),
  createVolume: (input) => ({
    volumeId: scriptedVolumeId(input['diskKey'] as number, input['attempt'] as number),
    volumeName: 'diskferry-x',
    volumeBytes: gibToBytes(bytesToGibUp(input['sizeBytes'] as number)),
    created: true,
  }),
  attachVolume: () => ({ cloudStackDeviceId: 1, foundAttached: false }),
  resolveDevice: (input) => ({
    deviceNode: `/dev/disk/by-id/virtio-${String(input['diskKey'])}`,
    kernelNode: '/dev/vdx',
    serial: '0000',
    sizeBytes: input['volumeBytes'],
    bootId: 'b',
    instance: '1',
    simulated: false,
  }),
  mapDevice: (input) => ({ devicePath: devicePath(input['applianceId'] as string, input['volumeId'] as string) }),
  beginCopy: () => undefined,
  openExport: (input) => ({ exportName: exportName(input['volumeId'] as string), uri: 'nbd+unix:///x?socket=y' }),
  copyDisk: () => ({ sourceBytes: 1, sourceHash: 'sha256-1GiB:aa' }),
  verifyDisk: () => ({ sourceHash: 'sha256-1GiB:aa', targetHash: 'sha256-1GiB:aa' }),
  closeExport: undone('closeExport'),
  unmapDevice: undone('unmapDevice'),
  detachVolume: undone('detachVolume'),
  confirmDeviceGone: undone('confirmDeviceGone'),
  deleteVolume: undone('deleteVolume'),
  inspectAppliance: (input) => ({
    applianceId: input['applianceId'],
    clock: '2025-09-28T19:00:00.000Z',
    disks: [],
    links: [],
    exports: [],
  }),
  examineSite: () => ({ volumes: [], machines: [], appliances: [], refusals: [] }),
  planRepair: () => ({}),
  settleOperation: () => ({ done: 'settled' }),
  closeOlderOperation: () => ({ done: 'closed' }),
  adoptVolume: () => ({ done: 'adopted' }),
  endRecord: () => ({ done: 'ended' }),
  reconcileJobs: () => ({ looked: 1, corrected: [] }),
  runDoctor: () => ({
    at: '2025-09-28T19:00:00.000Z',
    findings: { critical: 0, error: 1, warning: 0, info: 0 },
    gravest: ['ghost-disk/a/b'],
    notCompared: [],
  }),
  ...failoverAnswers,
};
