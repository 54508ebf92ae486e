/** Dates written lately, by their second: the rows of one listing mostly share them. */
const written = new Map<number, string>();
const REMEMBERED = 1_000;

/** A date as CloudStack writes it: `2026-11-22T15:57:05+0000`. */
export function apiDate(time: number): string {
  const second = Math.floor(time / 1000);
  const known = written.get(second);
  if (known !== undefined) return known;
  if (written.size >= REMEMBERED) written.clear();
  const date = `${new Date(second * 1000).toISOString().slice(0, 19)}+0000`;
  written.set(second, date);
  return date;
}

/** A date as it stands in names that the server makes: `20261122155705`. */
export function compactDate(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace(/\D/g, '');
}
