import type { Volume } from '../cloudstack/api';
import { sourceVmPath, volumeTagKeys, type SourceVmKey } from '../domain/names';

/** The tags that mark a volume as ours. CloudStack takes no tags with createVolume, so they come a moment later. */
export function ownershipTags(
  owner: string,
  disk: SourceVmKey & { readonly diskKey: number },
): Readonly<Record<string, string>> {
  return {
    [volumeTagKeys.owner]: owner,
    [volumeTagKeys.vm]: sourceVmPath(disk),
    [volumeTagKeys.disk]: String(disk.diskKey),
  };
}

export function tagOf(volume: Pick<Volume, 'tags'>, key: string): string | undefined {
  return volume.tags.find((tag) => tag.key === key)?.value;
}

/** The wanted tags that a volume has not, and those that it has with another value. */
export function compareTags(
  volume: Pick<Volume, 'tags'>,
  wanted: Readonly<Record<string, string>>,
): { readonly missing: Readonly<Record<string, string>>; readonly different: readonly string[] } {
  const missing: Record<string, string> = {};
  const different: string[] = [];
  for (const [key, value] of Object.entries(wanted)) {
    const found = tagOf(volume, key);
    if (found === undefined) missing[key] = value;
    else if (found !== value) different.push(`tag ${key} is ${JSON.stringify(found)}, not ${JSON.stringify(value)}`);
  }
  return { missing, different };
}
