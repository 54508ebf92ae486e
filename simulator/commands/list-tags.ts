import { tagAnswer } from '../answers/tags';
import type { Command } from '../call';
import { textKey } from '../database-text';
import { like, pageOf, sameText, scopeOf } from '../listing';
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
    const same = (name: string, value: string) => sameText(given.text(name) ?? value, value);
    const keyword = given.text('keyword');
    const [resourceId, key] = [given.text('resourceid'), given.text('key')];
    const candidates =
      resourceId !== undefined
        ? world.tagsOf(resourceId)
        : key !== undefined
          ? world.tagsByKey.of(textKey(key))
          : [...world.tags.values()];
    const found = candidates.filter(
      (tag) =>
        inScope(tag) &&
        same('resourcetype', tag.resourceType) &&
        same('resourceid', tag.resourceId) &&
        same('key', tag.key) &&
        same('value', tag.value) &&
        (keyword === undefined || like(tag.key, keyword) || like(tag.value, keyword)),
    );
    const numbered = found.map((tag, number) => ({ number, tag }));
    return pageOf(call, 'tag', numbered, ({ tag }) => tagAnswer(world, tag), 'as listed');
  },
};
