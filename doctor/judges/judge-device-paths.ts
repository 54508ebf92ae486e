import type { SurveyRow } from '../../database/survey-rows';
import { devicePath, parseDevicePath } from '../../domain/device-path';
import { type Finding, finding } from '../../domain/findings';
import { ownerOfMapping, type View } from '../view';

type Row = SurveyRow<'device_mappings'>;

const olderForms: Readonly<Record<string, string>> = {
  'vm-only': 'the VM alone',
  'vm-root': "the VM's root",
  'device-node': 'a device name, which moves',
};

/** Device paths that two rows have, that the older system wrote, or that do not name their own row. */
export function judgeDevicePaths(view: View): Finding[] {
  const { site, rows } = view;
  const byPath = new Map<string, Row[]>();
  for (const row of rows.device_mappings) byPath.set(row.devicePath, [...(byPath.get(row.devicePath) ?? []), row]);
  const duplicates = [...byPath].filter(([, same]) => same.length > 1);
  return [
    ...duplicates.map(([path, same]) =>
      finding(
        'duplicate-device-path',
        {
          site,
          subject: path,
          evidence: same.map((row) => `row ${String(row.id)}: volume ${row.volumeUuid} on VM ${row.vmId}`),
        },
        { devicePath: path, count: same.length, volumeIds: same.map((row) => row.volumeUuid).join(', ') },
      ),
    ),
    ...rows.device_mappings.flatMap((row) => judgeForm(view, row)),
  ];
}

function judgeForm(view: View, row: Row): Finding[] {
  const { site } = view;
  const { devicePath: path, vmId, volumeUuid: volumeId } = row;
  const subject = { site, subject: volumeId, owner: ownerOfMapping(view, row) };
  const parsed = parseDevicePath(path);
  const form = olderForms[parsed.form];
  if (form !== undefined) return [finding('old-form-path', subject, { volumeId, devicePath: path, form })];
  const expected = expectedPath(vmId, volumeId);
  if (path === expected) return [];
  return [finding('device-path-differs', subject, { volumeId, vmId, devicePath: path, expected })];
}

/** A row whose ids are no uuids has no right path at all. */
function expectedPath(vmId: string, volumeId: string): string {
  try {
    return devicePath(vmId, volumeId);
  } catch (error) {
    if (error instanceof RangeError) return `a path (${error.message})`;
    throw error;
  }
}
