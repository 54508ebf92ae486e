/**
 * CloudStack's refusals that no repetition can change. Nearly all of its refusals are a 431 with cserrorcode 4350, whatever the
 * reason, so only the text tells; texts drift between releases (reference cloudstack-api §2.4, §2.6). What is not here counts as
 * *failed*: it is tried again, which costs time but is never wrong.
 */
const patterns: Readonly<Record<'createVolume' | 'attachVolume', readonly RegExp[]>> = {
  createVolume: [
    /out of allowed range/i,
    /but the maximum size allowed is/i,
    /does not allow custom size/i,
    /requires a custom size/i,
    /please specify a valid disk offering/i,
    /unable to find zone/i,
    /maximum (number|amount) of (resources|volumes|primary storage)/i,
    /resource.*limit.*(exceeded|reached)/i,
    /does not have permission to operate/i,
    /is currently disabled/i,
  ],
  attachVolume: [
    /already has the maximum number of data disks/i,
    /does not have (instance|VM) snapshots/i,
    /does not have any backups/i,
    /in the same zone as the volume/i,
    /please specify a valid user VM/i,
    /is not configured to use local storage/i,
    /can't attach a volume created by/i,
    /does not have permission to operate/i,
  ],
};

/** Whether a refusal of CloudStack, in its own words, is one that repeating cannot change. */
export function isKnownRefusal(command: keyof typeof patterns, text: string): boolean {
  return patterns[command].some((pattern) => pattern.test(text));
}
