/** Texts that are the same to the server's database, which compares without case and without spaces at the end, have the same key. */
export function textKey(text: string): string {
  return text.toLowerCase().replace(/ +$/, '');
}
