import { type LastingCommand, wordings } from '../cloudstack/wordings';

/**
 * Whether a refusal of CloudStack, in its own words, is one that repeating cannot change. What is not known counts as *failed*: it
 * is tried again, which costs time but is never wrong.
 */
export function isKnownRefusal(command: LastingCommand, text: string): boolean {
  return wordings.some(({ words, lasting }) => lasting?.includes(command) === true && words.test(text));
}
