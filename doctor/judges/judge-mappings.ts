import type { SurveyRow } from '../../database/survey-rows';
import { type Finding, finding } from '../../domain/findings';
import { volumeSerial } from '../../domain/names';
import { judgeAttachment } from '../../site/judge-attachment';
import { ownerOfMapping, placeOf, type View } from '../view';

/** Mappings of volumes that CloudStack shows nowhere, or on another VM, or whose device the appliance does not have. */
export function judgeMappings(view: View): Finding[] {
  if (view.holdings === undefined) return [];
  return view.rows.device_mappings
    .filter((row) => !view.isMoving(row.volumeUuid))
    .flatMap((row) => judgeMapping(view, row));
}

function judgeMapping(view: View, row: SurveyRow<'device_mappings'>): Finding[] {
  const { vmId, volumeUuid: volumeId, devicePath } = row;
  const volume = view.listed.get(volumeId);
  const seen = judgeAttachment(volume === undefined ? [] : [volume], volumeId, vmId);
  const about = {
    site: view.site,
    subject: volumeId,
    owner: ownerOfMapping(view, row),
    evidence: [`device_mappings: ${devicePath}, mapped at ${row.createdAt}`, `CloudStack: ${placeOf(volume)}`],
  };
  switch (seen.verdict) {
    case 'gone':
    case 'detached':
      return [finding('mapping-without-attachment', about, { volumeId, vmId, where: placeOf(volume) })];
    case 'attached-elsewhere': {
      const { vmId: otherVmId, vmName: otherVmName } = seen;
      const recorded = `mapped on VM ${vmId}`;
      return [finding('volume-on-wrong-vm', about, { volumeId, recorded, otherVmId, otherVmName })];
    }
    case 'attached-here':
      return judgeDevice(view, row, about);
    case 'pending':
      return [];
  }
}

function judgeDevice(
  view: View,
  { volumeUuid: volumeId, vmId: applianceId, deviceNode }: SurveyRow<'device_mappings'>,
  about: Parameters<typeof finding>[1],
): Finding[] {
  const sight = view.sights.find((each) => each.applianceId === applianceId);
  if (sight === undefined || sight.disks.some(({ serial }) => serial === volumeSerial(volumeId))) return [];
  const vm = view.vmOf(volumeId) ?? 'VM';
  return [
    finding('mapping-without-device', about, { volumeId, applianceId, deviceNode: deviceNode ?? 'no device node', vm }),
  ];
}
