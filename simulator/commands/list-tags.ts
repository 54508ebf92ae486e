import { tagAnswer } from '../answers/tags';
import type { Command } from '../call';
import { pageOf, scopeOf } from '../listing';
import { pagingParameters, scopeParameters } from '../parameters';

/** listTags by resource, type, key and value. */
export const listTags: Command = {
  name: 'listTags',
  parameters: {
    ...pagingParameters,
    ...scopeParameters,
    resourcetype: { type: 'text' },
    resourceid: { type: 'text' },
    key: { type: 'text' },
    value: { type: 'text' },
  },
  run(call) {
    const { arguments: given, world } = call;
    const inScope = scopeOf(call);
    const same = (name: string, value: string) => (given.text(name) ?? value).toLowerCase() === value.toLowerCase();
    const found = [...world.tags.values()].filter(
      (tag) =>
        inScope(tag) &&
        same('resourcetype', tag.resourceType) &&
        same('resourceid', tag.resourceId) &&
        same('key', tag.key) &&
        same('value', tag.value),
    );
    const numbered = found.map((tag, number) => ({ number, tag }));
    return pageOf(call, 'tag', numbered, ({ tag }) => tagAnswer(world, tag));
  },
};
