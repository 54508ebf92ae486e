import { type Finding, finding } from '../../domain/findings';
import { volumeSerial } from '../../domain/names';
import { judgeAttachment } from '../../site/judge-attachment';
import { placeOf, type View } from '../view';

/** Volumes of ours that are attached, though no mapping says so. */
export function judgeAttachments(view: View): Finding[] {
  if (view.holdings === undefined || !view.hasRead('device_mappings', 'volumes')) return [];
  const { site } = view;
  return view.holdings.volumes.flatMap((volume) => {
    const { id: volumeId, name: volumeName, virtualmachineid: vmId } = volume;
    if (vmId === undefined || view.mapped.has(volumeId) || !view.isOurs(volumeId) || view.isMoving(volumeId)) return [];
    if (judgeAttachment([volume], volumeId, vmId).verdict !== 'attached-here') return [];
    const evidence = [`CloudStack: ${placeOf(volume)}`, 'device_mappings: no row', ...seenAs(view, volumeId, vmId)];
    const about = { site, subject: volumeId, owner: view.vmOf(volumeId), evidence };
    if (view.truths.site.applianceIds.includes(vmId)) {
      return [finding('attachment-without-mapping', about, { volumeId, volumeName, vmId })];
    }
    const elsewhere = { otherVmId: vmId, otherVmName: volume.vmname ?? '?' };
    return [finding('volume-on-wrong-vm', about, { volumeId, recorded: 'mapped on no VM', ...elsewhere })];
  });
}

function seenAs(view: View, volumeId: string, applianceId: string): string[] {
  const sight = view.sights.find((each) => each.applianceId === applianceId);
  if (sight === undefined) return [];
  const disk = sight.disks.find(({ serial }) => serial === volumeSerial(volumeId));
  return [`appliance ${applianceId}: ${disk === undefined ? 'no disk has its serial' : `it is ${disk.name}`}`];
}
