import path from 'node:path';
import type { SeenDisk } from '../../domain/doctor-io';
import { type Finding, finding } from '../../domain/findings';
import { judgeAttachment } from '../../site/judge-attachment';
import type { SeenAppliance } from '../truths';
import { placeOf, type View } from '../view';

/** CloudStack's serials: the first 20 hex digits of a volume's id. */
const SERIAL = /^[0-9a-f]{20}$/;

/** Disks of the appliances that should not be there, are held, or are reached by a wrong name. */
export function judgeDevices(view: View): Finding[] {
  return view.sights.flatMap((sight) => [
    ...sight.disks.flatMap((disk) => judgeDisk(view, sight, disk)),
    ...sight.links.flatMap((link) => judgeLink(view, sight, link)),
  ]);
}

function judgeDisk(view: View, { applianceId }: SeenAppliance, disk: SeenDisk): Finding[] {
  const { serial, name: device, holders } = disk;
  if (serial === undefined || !SERIAL.test(serial)) return [];
  const { site } = view;
  const volumeId = view.volumeOfSerial.get(serial);
  const subject = `${applianceId}/${volumeId ?? serial}`;
  if (volumeId === undefined) {
    return [finding('device-without-mapping', { site, subject }, { applianceId, device, serial })];
  }
  const findings: Finding[] = [];
  const about = { site, subject, owner: view.vmOf(volumeId), evidence: [`appliance: ${device}, serial ${serial}`] };
  if (holders.length > 0 && (view.isOurs(volumeId) || view.mapped.has(volumeId))) {
    findings.push(finding('device-held', about, { applianceId, device, volumeId, holders: holders.join(', ') }));
  }
  if (view.isMoving(volumeId)) return findings;
  if (view.holdings === undefined) {
    // without CloudStack a mapping is the only explanation of a disk of ours
    if (view.isOurs(volumeId) && view.hasRead('device_mappings') && !view.mapped.has(volumeId)) {
      findings.push(finding('device-without-mapping', about, { applianceId, device, serial }));
    }
    return findings;
  }
  const volume = view.listed.get(volumeId);
  const { verdict } = judgeAttachment(volume === undefined ? [] : [volume], volumeId, applianceId);
  if (verdict === 'attached-here' || verdict === 'pending') return findings;
  return [...findings, finding('ghost-disk', about, { applianceId, volumeId, device, where: placeOf(volume) })];
}

function judgeLink(
  view: View,
  { applianceId, disks }: SeenAppliance,
  { node, disk }: SeenAppliance['links'][number],
): Finding[] {
  const serial = path.basename(node).slice(-20);
  const volumeId = view.volumeOfSerial.get(serial);
  const found = disks.find(({ name }) => name === disk)?.serial;
  if (volumeId === undefined || disk === undefined || found === serial || view.isMoving(volumeId)) return [];
  return [
    finding(
      'serial-mismatch',
      { site: view.site, subject: `${applianceId}/${volumeId}`, owner: view.vmOf(volumeId) },
      { applianceId, deviceNode: node, volumeId, found: found ?? 'none', serial },
    ),
  ];
}
