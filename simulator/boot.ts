import type { Site } from './call';
import { BLANK, contentDigest } from './content-digest';
import type { BootRecord, MachineRow } from './rows';

/**
 * Whether a VM that is started now comes up: its root must hold what was expected of it (`POST /boot-expectation`), or, where
 * nothing was, anything but zeros. A root made of a template holds the template, which boots.
 */
export async function bootOf(site: Site, vmId: string): Promise<BootRecord> {
  const machine = site.world.machine(vmId);
  const root = site.world.volumesOf(vmId).find((volume) => volume.deviceId === 0);
  if (root === undefined) return { up: false, reason: 'it has no root volume', rootVolumeId: null, rootContent: null };
  const rootContent = await contentDigest(site.guests.volumeFile(root.id));
  const named = `root volume ${root.name} (${root.id})`;
  const judged = (up: boolean, reason: string): BootRecord => ({ up, reason, rootVolumeId: root.id, rootContent });
  const expected = expectedContent(site, machine);
  if (expected !== undefined) {
    if (rootContent === expected) return judged(true, `the ${named} holds what was expected`);
    const held = rootContent === BLANK ? 'is blank' : `holds ${rootContent}`;
    return judged(false, `the ${named} ${held}, expected was ${expected}`);
  }
  if (rootContent !== BLANK) return judged(true, `the ${named} holds data, and nothing says what it should be`);
  if (root.templateId !== null) return judged(true, `the ${named} holds its template`);
  return judged(false, `the ${named} is blank`);
}

/** The boot record that the census shows of a VM in any state. */
export function shownBoot(machine: MachineRow): BootRecord {
  if (machine.state === 'Running') return machine.boot ?? notJudged(true, 'it has been running since the world began');
  return notJudged(false, `it is ${machine.state}`);
}

function notJudged(up: boolean, reason: string): BootRecord {
  return { up, reason, rootVolumeId: null, rootContent: null };
}

function expectedContent({ world }: Site, machine: MachineRow): string | undefined {
  const expectation = world.bootExpectations.get(machine.id) ?? world.bootExpectations.get(machine.name);
  return expectation?.rootContent;
}
