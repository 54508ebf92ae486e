import type { SurveyRow } from '../../database/survey-rows';
import { type Finding, finding } from '../../domain/findings';
import { exportName } from '../../domain/names';
import type { View } from '../view';

/** Exports that stand on nothing, links that nobody recorded, and export servers that do not answer. */
export function judgeExports(view: View): Finding[] {
  const { site, rows, sights } = view;
  const recorded = new Set(rows.nbd_exports.map(({ applianceId, volumeId }) => `${applianceId}/${volumeId}`));
  return [
    ...rows.nbd_exports.filter(({ volumeId }) => !view.isMoving(volumeId)).flatMap((row) => judgeExport(view, row)),
    ...sights.flatMap(({ applianceId, exports }) =>
      !view.hasRead('nbd_exports')
        ? []
        : exports
            .filter((volumeId) => !recorded.has(`${applianceId}/${volumeId}`) && !view.isMoving(volumeId))
            .map((volumeId) =>
              finding(
                'orphan-link',
                { site, subject: `${applianceId}/${volumeId}`, owner: view.vmOf(volumeId) },
                { applianceId, exportName: exportName(volumeId) },
              ),
            ),
    ),
    ...sights.flatMap(({ applianceId, exportServerSilent: cause }) =>
      cause === undefined
        ? []
        : [finding('export-server-silent', { site, subject: applianceId }, { applianceId, cause })],
    ),
  ];
}

function judgeExport(view: View, row: SurveyRow<'nbd_exports'>): Finding[] {
  const { volumeId, applianceId, exportName: name, ownerWorkflowId } = row;
  const reason = whyOrphan(view, row);
  if (reason === undefined) return [];
  return [
    finding(
      'orphan-export',
      { site: view.site, subject: `${applianceId}/${volumeId}`, owner: ownerWorkflowId },
      { exportName: name, applianceId, reason },
    ),
  ];
}

function whyOrphan(view: View, { volumeId, applianceId }: SurveyRow<'nbd_exports'>): string | undefined {
  if (view.hasRead('device_mappings') && view.mapped.get(volumeId)?.vmId !== applianceId) {
    return `volume ${volumeId} has no mapping there`;
  }
  const sight = view.sights.find((each) => each.applianceId === applianceId);
  if (sight !== undefined && !sight.exports.includes(volumeId)) return 'the appliance has no such link';
  const vm = view.vmOf(volumeId);
  const open = view.temporal?.openRuns.some((run) => vm !== undefined && run.workflowId.endsWith(`/${vm}`));
  return open === false ? 'no run of its VM is open' : undefined;
}
