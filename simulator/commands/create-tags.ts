import { ApiError, serverFailure } from '../api-error';
import type { Command } from '../call';
import type { TagRow } from '../rows';
import { taggedResources, tagParameters } from '../tagged-resources';

/** createTags: all or none; a key that a resource has already fails the job. */
export const createTags: Command = {
  name: 'createTags',
  parameters: { ...tagParameters, tags: { type: 'map', required: true } },
  run(call) {
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
        for (const { type, row } of taggedResources(call)) {
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
