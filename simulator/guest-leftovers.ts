import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { linkName } from './guest-link';
import type { World } from './world';

/**
 * Makes the guests' folders agree with what is plugged, after a kill in the middle of a plug or unplug: what no plug stands for
 * goes. What is there rightly is not touched, since somebody may have it open.
 */
export function removeGuestLeftovers(world: World): void {
  const guests = join(world.directory, 'guests');
  for (const machine of world.machines.values()) {
    if (machine.removed !== null) continue;
    const folder = join(guests, machine.id);
    // Half a plug: made anew when its time comes.
    rmSync(join(folder, 'being-plugged'), { recursive: true, force: true });
    const plugs = world.plugsOf(machine.id);
    // A wrong link leads to a disk that belongs to nobody.
    const devices = new Set(plugs.flatMap((plug) => [plug.kernelName, ...(plug.linkTo === null ? [] : [plug.linkTo])]));
    keepOnly(join(folder, 'by-id'), new Set(plugs.map(linkName)));
    keepOnly(join(folder, 'sys-block'), devices);
    keepOnly(join(folder, 'dev'), devices);
  }
}

function keepOnly(folder: string, names: ReadonlySet<string>): void {
  for (const name of readdirSync(folder)) {
    if (!names.has(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}
