import type { Player } from './player';
import type { Scene } from './scene';

/** By disk key: what a disk or volume holds. */
export type Contents = ReadonlyMap<number, string>;

/** One disk's bytes beside those that they should be. */
export interface HashLine {
  readonly sourceVm: string;
  readonly disk: number;
  /** digest of the blocks that hold data, read by the simulator, not by Diskferry */
  readonly content: string;
  readonly sameAs: string;
}

/** Reads what volumes hold. */
export async function readContents({ simulator }: Scene, volumes: ReadonlyMap<number, string>): Promise<Contents> {
  const contents: [number, string][] = [];
  // One after the other: the simulator reads with one process, and has other things to answer meanwhile.
  for (const [disk, volumeId] of volumes) contents.push([disk, await simulator.contentOf(volumeId)]);
  return new Map(contents);
}

/**
 * Expects each volume to hold exactly what it should.
 *
 * @param as - what that is, in words
 * @throws DiskferryFailure `demo-failed`
 */
export function expectContents(
  { expectations, narrator }: Scene,
  { name }: Player,
  found: Contents,
  wanted: Contents,
  as: string,
): readonly HashLine[] {
  for (const [disk, content] of wanted) {
    const what = `${name}: disk ${String(disk)} holds ${as}`;
    expectations.hold(what, found.get(disk) === content, `${found.get(disk) ?? 'no volume'} instead of ${content}`);
  }
  const lines = [...found].map(([disk, content]) => ({ sourceVm: name, disk, content, sameAs: as }));
  narrator.event(`all ${String(lines.length)} disks hold ${as}`, name);
  narrator.block(lines.map(({ disk, content }) => `disk ${String(disk)}  ${content}`));
  return lines;
}
