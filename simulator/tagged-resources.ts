import { invalidParameter } from './api-error';
import { checkAccess } from './call';
import type { Call } from './call';
import type { MachineRow, SnapshotRow, TagRow, VolumeRow } from './rows';
import type { World } from './world';

/** Parameters of createTags and deleteTags. */
export const tagParameters = {
  resourcetype: { type: 'text', required: true },
  resourceids: { type: 'list', required: true },
  tags: { type: 'map' },
  customjobid: { type: 'text' },
} as const;

const TYPES: readonly TagRow['resourceType'][] = ['Volume', 'UserVm', 'Snapshot'];

interface TaggedResource {
  readonly type: TagRow['resourceType'];
  readonly row: VolumeRow | MachineRow | SnapshotRow;
}

/**
 * The volumes, VMs or snapshots that a tag command names. Asked within the job: the ids are plain texts to the API
 * (TaggedResourceManagerImpl.getResourceId).
 *
 * @throws ApiError 431 for another type, or one that is not there; 531 for another account's, which is 530 in a job
 */
export function taggedResources(call: Call): TaggedResource[] {
  const asked = call.arguments.required('resourcetype');
  const type = TYPES.find((each) => each.toLowerCase() === asked.toLowerCase());
  if (type === undefined) throw invalidParameter(`Invalid resource type: ${asked}`);
  return (call.arguments.list('resourceids') ?? []).map((id) => {
    const row = rowOf(call.world, type, id);
    if (row?.removed !== null) throw invalidParameter(`Unable to find resource by id ${id} and type ${type}`);
    checkAccess(call.caller, row);
    return { type, row };
  });
}

function rowOf(world: World, type: TagRow['resourceType'], id: string): TaggedResource['row'] | undefined {
  switch (type) {
    case 'Volume':
      return world.volumes.get(id);
    case 'UserVm':
      return world.machines.get(id);
    case 'Snapshot':
      return world.snapshots.get(id);
  }
}
