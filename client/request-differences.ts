import type { CanonicalRequest } from './request-digest';

/**
 * Where two canonical requests differ, as `disks[2001].sizeBytes is 10 there, 20 here`; disks by their key. At most ten.
 */
export function requestDifferences(there: CanonicalRequest, here: CanonicalRequest): string[] {
  const { disks: disksThere, ...restThere } = there;
  const { disks: disksHere, ...restHere } = here;
  const keys = [...new Set([...disksThere, ...disksHere].map(({ key }) => key))].sort((one, other) => one - other);
  const differences = [
    ...fieldDifferences('', restThere, restHere),
    ...keys.flatMap((key) => {
      const one = disksThere.find((disk) => disk.key === key);
      const other = disksHere.find((disk) => disk.key === key);
      if (one === undefined) return [`disk ${String(key)} is only here`];
      if (other === undefined) return [`disk ${String(key)} is only there`];
      return fieldDifferences(`disks[${String(key)}].`, one, other);
    }),
  ];
  return atMostTen(differences);
}

/** Where two requests differ, field by field: `target.name is "a" there, "b" here`. At most ten. */
export function failoverDifferences(there: object, here: object): string[] {
  return atMostTen(fieldDifferences('', there, here));
}

function atMostTen(differences: readonly string[]): string[] {
  return differences.length > 10
    ? [...differences.slice(0, 10), `and ${String(differences.length - 10)} more`]
    : [...differences];
}

function fieldDifferences(prefix: string, there: object, here: object): string[] {
  const before = flatten(there);
  const after = flatten(here);
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((field) => {
    const one = before.get(field) ?? 'not set';
    const other = after.get(field) ?? 'not set';
    return one === other ? [] : [`${prefix}${field} is ${one} there, ${other} here`];
  });
}

function flatten(request: object): Map<string, string> {
  const fields = new Map<string, string>();
  const walk = (value: unknown, path: string): void => {
    if (value === undefined) return;
    if (value !== null && typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`);
    } else fields.set(path, JSON.stringify(value));
  };
  walk(request, '');
  return fields;
}
