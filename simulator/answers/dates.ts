/** A date as CloudStack writes it: `2026-11-22T15:57:05+0000`. */
export function apiDate(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}+0000`;
}
