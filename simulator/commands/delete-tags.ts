import { serverFailure } from '../api-error';
import type { Command } from '../call';
import { taggedResources, tagParameters } from './create-tags';

/** deleteTags: all tags of the resources, or those named (with their value, where one is given). */
export const deleteTags: Command = {
  name: 'deleteTags',
  parameters: tagParameters,
  run(call) {
    const resources = taggedResources(call);
    const named = call.arguments.pairs('tags');
    return call.jobs.submit({
      caller: call.caller,
      customJobId: call.arguments.text('customjobid'),
      javaClass: 'org.apache.cloudstack.api.command.user.tag.DeleteTagsCmd',
      instanceType: 'None',
      instanceId: null,
      work: () => {
        const doomed = resources
          .flatMap(({ row }) => call.world.tagsOf(row.id))
          .filter(({ key, value }) => {
            const wanted = named.get(key);
            return named.size === 0 || wanted === value || wanted === '';
          });
        if (doomed.length === 0) return Promise.reject(serverFailure('Failed to delete tags'));
        for (const tag of doomed) call.world.removeTag(tag);
        return Promise.resolve({ success: true });
      },
    });
  },
};
