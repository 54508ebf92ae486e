import { ApiError, serverFailure } from '../api-error';
import { checkAccess } from '../call';
import type { Call, Command } from '../call';
import type { MachineRow, TagRow, VolumeRow } from '../rows';

/** Parameters of createTags and deleteTags. */
export const tagParameters = {
  resourcetype: { type: 'text', required: true },
  resourceids: { type: 'list', required: true },
  tags: { type: 'map' },
  customjobid: { type: 'text' },
} as const;

/** createTags: a key that a resource has already fails the job; the others before it are made. */
export const createTags: Command = {
  name: 'createTags',
  parameters: { ...tagParameters, tags: { type: 'map', required: true } },
  run(call) {
    const resources = taggedResources(call);
    return call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: 'org.apache.cloudstack.api.command.user.tag.CreateTagsCmd',
      instanceType: 'None',
      instanceId: null,
      work: async () => {
        await call.lifetime.wait(call.faults.delayMs('work'));
        const failure = call.faults.get('fail-job');
        if (failure !== undefined) throw new ApiError(failure.code, failure.text);
        const made: TagRow[] = [];
        for (const { type, row } of resources) {
          for (const [key, value] of call.arguments.pairs('tags')) {
            const id = `${row.id}/${key}`;
            if (call.world.tags.get(id) !== undefined) {
              throw serverFailure(`tag ${key} already on ${type} with id ${row.id}`);
            }
            made.push({ id, resourceType: type, resourceId: row.id, accountId: row.accountId, key, value });
          }
        }
        for (const tag of made) call.world.putTag(tag);
        return { success: true };
      },
    });
  },
};

/** The volumes or VMs that a tag command names. @throws ApiError 431 for one that is not there, 531 for another account's */
export function taggedResources(
  call: Call,
): { readonly type: TagRow['resourceType']; readonly row: VolumeRow | MachineRow }[] {
  const asked = call.arguments.required('resourcetype').toLowerCase();
  const type = asked === 'volume' ? 'Volume' : asked === 'uservm' ? 'UserVm' : undefined;
  if (type === undefined) {
    throw new ApiError(431, `Invalid resource type: ${call.arguments.required('resourcetype')}`);
  }
  return (call.arguments.list('resourceids') ?? []).map((id) => {
    const row = type === 'Volume' ? call.world.volumes.get(id) : call.world.machines.get(id);
    if (row?.removed !== null) {
      throw new ApiError(431, `Unable to find resource by id ${id} and type ${type}`, 4350);
    }
    checkAccess(call.caller, row);
    return { type, row };
  });
}
