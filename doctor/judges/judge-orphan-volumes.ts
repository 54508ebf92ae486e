import { type Finding, finding } from '../../domain/findings';
import { volumeTagKeys } from '../../domain/names';
import { formatBytes } from '../../domain/sizes';
import { tagOf } from '../../site/volume-tags';
import { placeOf, type View } from '../view';

const OUR_NAME = /^diskferry-.+-\d+-[0-9a-f]{8}$/;

/** Volumes that carry our name and our tags, but that no row takes for there. */
export function judgeOrphanVolumes(view: View): Finding[] {
  if (view.holdings === undefined || !view.hasRead('volumes', 'test_volumes')) return [];
  const { site } = view;
  return view.holdings.volumes.flatMap((volume) => {
    const vm = tagOf(volume, volumeTagKeys.vm);
    const owner = tagOf(volume, volumeTagKeys.owner);
    if (vm === undefined || !vm.startsWith(`${site}/`) || owner === undefined || !OUR_NAME.test(volume.name)) return [];
    if (volume.state === 'Expunged' || view.runs.isMoving(vm)) return [];
    const row = view.records.get(volume.id) ?? view.testRecords.get(volume.id);
    if (row !== undefined && row.goneAt === undefined) return [];
    const reason =
      row === undefined
        ? 'the database has no row of it'
        : `the database takes it for deleted since ${row.goneAt ?? '?'}`;
    const data = tagOf(volume, volumeTagKeys.data);
    const evidence = [
      `CloudStack: ${placeOf(volume)}, ${formatBytes(volume.size)}`,
      `tags: of VM ${vm}, disk ${tagOf(volume, volumeTagKeys.disk) ?? '?'}, made by ${owner}`,
      data === undefined ? `it has no tag ${volumeTagKeys.data}` : `its tag ${volumeTagKeys.data} is ${data}`,
    ];
    return [
      finding(
        'orphan-volume',
        { site, subject: volume.id, owner, evidence },
        { volumeId: volume.id, volumeName: volume.name, reason },
      ),
    ];
  });
}
