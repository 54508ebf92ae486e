import { CopyError, CopyLockedError, DeviceError, type DeviceResolver, type GuestSteps } from '../appliance/ports';
import { libvirtXml } from '../appliance/libvirt-xml';
import type { Database } from '../database/database';
import type { RecoveryPoints } from '../database/recovery-points';
import type { TestVolumes } from '../database/test-volumes';
import type { Volumes } from '../database/volumes';
import { type PrepareGuestInput, prepareGuestInputSchema } from '../domain/failover-io';
import { failure } from '../domain/failures';
import { sourceVmPath } from '../domain/names';
import { activity } from './activity';
import type { ActivityRun, CurrentRun } from './activity-run';
import { deviceFailure } from './device-failure';
import type { Effect } from './effect';
import { fenceOf } from './fence-of';
import { hookEnvironment } from './hook-environment';
import { defaultConvert, hookOf, type SiteCommands } from './hook-settings';
import { endInWords, logEnd } from './hooks';
import { judgeGuestDisks } from './judge-guest-disks';
import type { Log } from './log';
import type { FailoverCopyActivities } from './queues';

/** What prepareGuest needs. */
export interface GuestWork {
  readonly commands: SiteCommands;
  readonly guestSteps: GuestSteps;
  readonly resolver: DeviceResolver;
  readonly database: Pick<Database, 'fenced'>;
  readonly volumes: Volumes;
  readonly testVolumes: TestVolumes;
  readonly points: RecoveryPoints;
  readonly effect: Effect;
  readonly run: CurrentRun;
  readonly log: Log;
}

type Disk = PrepareGuestInput['disks'][number];

/**
 * prepareGuest: a command of the operator's has changed the guest on its disks (drivers, network settings), before its VM starts.
 *
 * Why it may write at all: only volumes that this run made from snapshots, or replicas of which this run has a recovery point. The
 * generation of replicas is raised, and what was verified taken back, before the command begins: from then on nobody can mistake
 * them for what the source was, however the command ends.
 *
 * Why under the copy locks: a copier of an earlier attempt may live, and nobody may take a disk away under the command. Its
 * processes hold the locks too, so that they fall with the last one, a killed worker or not.
 *
 * Sources: design §5; virt-v2v-in-place(1) "Exit code".
 */
export function makePrepareGuest(work: GuestWork): FailoverCopyActivities['prepareGuest'] {
  return activity(
    'prepareGuest',
    work.run,
    prepareGuestInputSchema,
    (vm) => vm,
    async (input, run) => {
      const { guest } = input;
      const settings =
        guest.kind === 'hook'
          ? hookOf(work.commands, input.site, guest.hook)
          : (work.commands.convert ?? defaultConvert);
      const disks = bootFirst(input.disks);
      try {
        await work.guestSteps.hold(disks, async (held) => {
          await proveDevices(work, input, disks);
          await markWritten(work, run, input);
          const end = await work.effect('prepareGuest.run', () =>
            held.run(
              {
                command: guest.kind === 'hook' ? settings.command : [...settings.command, '-i', 'libvirtxml'],
                environment: hookEnvironment(input, {
                  ...(guest.kind === 'hook' ? { hook: guest.hook } : {}),
                  ...{ purpose: 'guest', kind: input.kind, workflowId: run.workflowId, disks },
                }),
                timeoutMs: settings.timeoutMs,
                signal: run.signal,
              },
              guest.kind === 'hook' ? undefined : libvirtXml({ name: input.vmName, disks }),
            ),
          );
          logEnd(work.log, input, { purpose: 'guest', ...(guest.kind === 'hook' ? { hook: guest.hook } : {}) }, end);
          if (!end.ok) throw guestStepFailed(input, endInWords(end));
          // A disk that was plugged anew meanwhile was not the one that the command wrote to its end.
          for (const disk of disks)
            await asFailure(input, disk, () => work.resolver.reprove(disk.volumeId, disk.device));
        });
      } catch (error) {
        if (error instanceof CopyLockedError) throw copyLocked(disks, error);
        if (error instanceof CopyError) throw guestStepFailed(input, error.evidence);
        throw error;
      }
    },
  );
}

function bootFirst(disks: readonly Disk[]): Disk[] {
  return [...disks].sort((a, b) => Number(b.boot) - Number(a.boot) || a.diskKey - b.diskKey);
}

/** Still the devices that were proven, and nobody of this machine uses them. */
async function proveDevices(work: GuestWork, input: PrepareGuestInput, disks: readonly Disk[]): Promise<void> {
  for (const disk of disks) {
    await asFailure(input, disk, async () => {
      await work.resolver.reprove(disk.volumeId, disk.device);
      await work.resolver.prove(disk.volumeId, disk.volumeBytes);
    });
  }
}

async function asFailure(input: PrepareGuestInput, disk: Disk, look: () => Promise<unknown>): Promise<void> {
  try {
    await look();
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    throw deviceFailure(error, { ...input, attempt: 1, ...disk });
  }
}

/** Makes it durable that the replicas among the disks may be written by something besides our copier. */
async function markWritten(work: GuestWork, run: ActivityRun, input: PrepareGuestInput): Promise<void> {
  const replicas = await judgeGuestDisks(work, input);
  await work.effect('prepareGuest.mark', () =>
    work.database.fenced(fenceOf(input, run), async (tx) => {
      for (const { volumeId, raised } of replicas) {
        // A repeated call must not raise the generation once more.
        if (!raised) await work.volumes.raiseGeneration(tx, volumeId);
        await work.volumes.setVerified(tx, volumeId, undefined);
      }
    }),
  );
}

function guestStepFailed(input: PrepareGuestInput, cause: string): Error {
  const step = input.guest.kind === 'hook' ? `hook ${input.guest.hook}` : 'convert';
  return failure('guest-step-failed', { vm: sourceVmPath(input), step, cause });
}

function copyLocked(disks: readonly Disk[], error: CopyLockedError): Error {
  const { lockPath: lock } = error;
  const volumeId = disks.find((disk) => lock.includes(disk.volumeId))?.volumeId ?? '?';
  return failure('copy-locked', { volumeId, lock }, { cause: error });
}
