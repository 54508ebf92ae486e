/** A date as CloudStack writes it: `2026-11-22T15:57:05+0000`. */
export function apiDate(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}+0000`;
}

/** A date as it stands in names that the server makes: `20261122155705`. */
export function compactDate(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace(/\D/g, '');
}
