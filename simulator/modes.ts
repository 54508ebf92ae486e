import { z } from 'zod';

const release = z.string().regex(/^\d+\.\d+\.\d+\.\d+$/, 'four numbers, for instance 4.22.1.0');

/** How the server is set up: fields of a world file, and switches of the control endpoint while it runs (`POST /modes`). */
export const modeFields = {
  /** CloudStack release that is acted: `simulator/releases.ts` has what depends on it */
  version: release.default('4.22.1.0'),
  /** `enforce.post.requests.and.timestamps`; releases before 4.21 do not know it */
  enforcePostAndTimestamps: z.boolean().default(false),
  /** `api.throttling.enabled`, `.interval` (seconds) and `.max` (requests of one account in an interval) */
  throttling: z
    .strictObject({
      enabled: z.boolean().default(true),
      intervalSeconds: z.number().int().min(1).default(1),
      max: z.number().int().min(1).default(25),
    })
    .prefault({ enabled: false }),
  /** by how much the server's clock is ahead: moves what `expires` is compared with, the dates it shows and its `Date` header */
  clockOffsetMs: z.number().int().default(0),
  /** send a `Date` header as a proxy before the server would; the server itself sends none (ServerDaemon: setSendDateHeader(false)) */
  sendDate: z.boolean().default(false),
  /** maintenance or shutdown was initiated: asynchronous commands are refused */
  maintenance: z.boolean().default(false),
  /**
   * Whether volumes of running VMs can be snapshotted (`kvm.snapshot.enabled`, on KVM alone). Left out: on KVM from 4.22 on, whose
   * default it is, elsewhere always. Said, it holds for every hypervisor.
   */
  snapshotsOfAttachedVolumes: z.boolean().optional(),
  /** `allow.user.expunge.recover.volume`: whether users may expunge and recover destroyed volumes */
  allowUserExpungeRecoverVolume: z.boolean().default(true),
};

export const modesSchema = z.strictObject(modeFields);
export type Modes = z.output<typeof modesSchema>;

/** The modes among the fields of a world. */
export function modesOf(world: Modes): Modes {
  const { version, enforcePostAndTimestamps, throttling, clockOffsetMs, sendDate, maintenance } = world;
  const { snapshotsOfAttachedVolumes, allowUserExpungeRecoverVolume } = world;
  return {
    ...{ version, enforcePostAndTimestamps, throttling, clockOffsetMs, sendDate, maintenance },
    ...{ snapshotsOfAttachedVolumes, allowUserExpungeRecoverVolume },
  };
}
