import type { CloudStackApi, Volume } from '../cloudstack/api';
import type { Survey } from '../database/survey';
import { examineSiteInputSchema } from '../domain/doctor-io';
import { volumeTagKeys } from '../domain/names';
import { readHoldings, type SiteHoldings } from '../site/read-holdings';
import type { SiteSettings } from '../site/site-settings';
import { tagOf } from '../site/volume-tags';
import { activity } from './activity';
import type { CurrentRun } from './activity-run';
import type { DoctorSiteActivities } from './queues';

/** What examineSite needs. */
export interface ExaminationWork {
  readonly api: CloudStackApi;
  readonly settings: SiteSettings;
  readonly run: CurrentRun;
  readonly survey: () => Promise<Survey>;
}

/**
 * examineSite: what the site's CloudStack holds that may concern us, for a doctor that has not the site's keys. Only looks. What is
 * neither ours by row, tag or name nor on an appliance is left out: an answer through Temporal is at most 2 MB.
 */
export function makeExamineSite(work: ExaminationWork): DoctorSiteActivities['examineSite'] {
  return activity(
    'examineSite',
    work.run,
    examineSiteInputSchema,
    ({ site }) => ({ site, applianceId: '?' }),
    async (_input, run): Promise<SiteHoldings> => {
      const [holdings, survey] = await Promise.all([
        readHoldings(work.api, work.settings, { signal: run.signal }),
        work.survey(),
      ]);
      const { applianceIds = [] } = work.settings;
      const known = new Set([
        ...survey.rows.volumes.map((row) => row.volumeId),
        ...survey.rows.device_mappings.map((row) => row.volumeUuid),
      ]);
      const ofPoints = new Set(survey.rows.recovery_point_snapshots.map((row) => row.snapshotId));
      const concernsUs = (volume: Volume): boolean =>
        known.has(volume.id) ||
        tagOf(volume, volumeTagKeys.vm) !== undefined ||
        volume.name.startsWith('diskferry-') ||
        applianceIds.includes(volume.virtualmachineid ?? '');
      return {
        ...holdings,
        volumes: holdings.volumes.filter(concernsUs),
        machines: holdings.machines.filter(({ id }) => applianceIds.includes(id)),
        snapshots: holdings.snapshots?.filter(({ id }) => ofPoints.has(id)),
      };
    },
  );
}
