import { type OpenPointInput, openPointInputSchema } from '../domain/failover-io';
import { sourceVmPath } from '../domain/names';
import { unverifiedDisks } from '../domain/verified';
import { activity } from './activity';
import { fenceOf } from './fence-of';
import { leftPoints, whyNoPoint } from './judge-points';
import type { PointWork } from './point-work';
import type { FailoverSiteActivities } from './queues';
import { stableUuid } from './stable-uuid';

/**
 * openPoint: decides whether a recovery point is needed, and writes its row with what is known of each volume now. The id is derived
 * from purpose, VM, run and attempt, so that a repeated call opens the same one. A point that an earlier run was cut off in counts
 * for nothing from here on; prunePoints deletes its snapshots.
 */
export function makeOpenPoint(work: PointWork): FailoverSiteActivities['openPoint'] {
  return activity(
    'openPoint',
    work.run,
    openPointInputSchema,
    (input) => input,
    async (input, run) => {
      const { purpose, attempt, firstRunId } = input;
      const id = stableUuid(['point', purpose, sourceVmPath(input), firstRunId, attempt].join(' '));
      const because = reasons[purpose];
      const opened = await work.points.get(id);
      if (opened?.state === 'taking' || opened?.state === 'complete') return { pointId: id, because };

      const points = await work.points.ofVm(input);
      const volumes = await Promise.all(input.disks.map(({ volumeId }) => work.volumes.get(volumeId)));
      const known = volumes.flatMap((volume) => (volume === undefined ? [] : [volume]));
      if (purpose === 'cycle') {
        const no = whyNoPoint(work.settings.recoveryPoints, unverifiedDisks(input.disks, known), points);
        if (no !== undefined) return { because: no };
      }
      const abandoned = leftPoints(points, firstRunId).filter(({ state }) => state === 'taking');
      await work.effect('openPoint.record', () =>
        work.database.fenced(fenceOf(input, run), async (tx) => {
          for (const point of abandoned) await work.points.setState(tx, point.id, 'removing');
          const { site, sourceId, sourceVmId } = input;
          const disks = input.disks.map(({ diskKey, boot, volumeId, volumeBytes }) => {
            const volume = known.find((record) => record.volumeId === volumeId);
            const hash = volume?.verifiedHash === undefined ? {} : { hash: volume.verifiedHash };
            return { diskKey, boot, volumeId, sizeBytes: volumeBytes, generation: volume?.generation ?? 1, ...hash };
          });
          const of = { site, sourceId, sourceVmId, workflowId: run.workflowId, firstRunId };
          await work.points.open(tx, { ...of, id, purpose, disks });
        }),
      );
      return { pointId: id, because };
    },
  );
}

const reasons: Readonly<Record<OpenPointInput['purpose'], string>> = {
  cycle: 'all disks are verified, and the cycle will write over them',
  test: 'the test works on volumes made from fresh snapshots',
  live: 'the failover VM will write to the replicas',
  back: 'going back throws away what the failover VM wrote',
};
