import { ApiError, serverFailure } from '../api-error';
import type { Command } from '../call';
import { taggedResources, tagParameters } from '../tagged-resources';

/** deleteTags: all tags of the resources, or those named (with their value, where one is given). */
export const deleteTags: Command = {
  name: 'deleteTags',
  parameters: tagParameters,
  run(call) {
    const named = call.arguments.pairs('tags');
    return call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: 'org.apache.cloudstack.api.command.user.tag.DeleteTagsCmd',
      instanceType: 'None',
      instanceId: null,
      work: async () => {
        await call.lifetime.wait(call.faults.delayMs('work'));
        const failure = call.faults.get('fail-job');
        if (failure !== undefined) throw new ApiError(failure.code, failure.text);
        const doomed = taggedResources(call)
          .flatMap(({ row }) => call.world.tagsOf(row.id))
          .filter(({ key, value }) => {
            const wanted = named.get(key);
            return named.size === 0 || wanted === value || wanted === '';
          });
        if (doomed.length === 0) throw serverFailure('Failed to delete tags');
        for (const tag of doomed) call.world.removeTag(tag);
        return { success: true };
      },
    });
  },
};
