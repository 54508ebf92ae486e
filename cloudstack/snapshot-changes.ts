import type { CloudStackApi } from './api';
import { startedCreate, startedJob, type Change } from './change';
import { encodeMap } from './parameters';

/** The changes of snapshots, and what is made from them. */
type SnapshotChanges = Pick<
  CloudStackApi,
  'createSnapshot' | 'deleteSnapshot' | 'revertSnapshot' | 'createVolumeFromSnapshot'
>;

export function createSnapshotChanges(change: Change): SnapshotChanges {
  return {
    createSnapshot: ({ volumeId, name, tags, customJobId }, call) =>
      change(
        'createSnapshot',
        startedCreate,
        { volumeid: volumeId, name, customjobid: customJobId },
        call,
        encodeMap('tags', tags),
      ),
    deleteSnapshot: ({ id, customJobId }, call) =>
      change('deleteSnapshot', startedJob, { id, customjobid: customJobId }, call),
    revertSnapshot: ({ id, customJobId }, call) =>
      change('revertSnapshot', startedJob, { id, customjobid: customJobId }, call),
    createVolumeFromSnapshot: (volume, call) =>
      change(
        'createVolume',
        startedCreate,
        {
          name: volume.name,
          snapshotid: volume.snapshotId,
          zoneid: volume.zoneId,
          diskofferingid: volume.diskOfferingId,
          size: volume.sizeGib,
          customid: volume.customId,
          customjobid: volume.customJobId,
          account: volume.account,
          domainid: volume.domainId,
          projectid: volume.projectId,
        },
        call,
      ),
  };
}
