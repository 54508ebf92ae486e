import type { JsonObject, TagRow } from '../rows';
import type { World } from '../world';

/** A tag as `listTags` and the resources' own listings show it. */
export function tagAnswer(world: World, tag: TagRow): JsonObject {
  return {
    key: tag.key,
    value: tag.value,
    resourcetype: tag.resourceType,
    resourceid: tag.resourceId,
    account: world.account(tag.accountId).name,
    domainid: world.description.rootDomainId,
    domain: 'ROOT',
  };
}

/** The tags of one volume or VM. */
export function tagsOf(world: World, resourceId: string): JsonObject[] {
  const tags: JsonObject[] = [];
  for (const tag of world.tagsOf(resourceId)) tags.push(tagAnswer(world, tag));
  return tags;
}
