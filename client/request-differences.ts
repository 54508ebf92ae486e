import type { CanonicalRequest } from './request-digest';

/**
 * Where two canonical requests differ, as `disks[2001].sizeBytes is 10 there, 20 here`; disks by their key. At most ten.
 */
export function requestDifferences(there: CanonicalRequest, here: CanonicalRequest): string[] {
  const before = flatten(there);
  const after = flatten(here);
  const fields = [...new Set([...before.keys(), ...after.keys()])].sort();
  const differences = fields.flatMap((field) => {
    const one = before.get(field) ?? 'not set';
    const other = after.get(field) ?? 'not set';
    return one === other ? [] : [`${field} is ${one} there, ${other} here`];
  });
  return differences.length > 10
    ? [...differences.slice(0, 10), `and ${String(differences.length - 10)} more`]
    : differences;
}

function flatten(request: CanonicalRequest): Map<string, string> {
  const fields = new Map<string, string>();
  const walk = (value: unknown, path: string): void => {
    if (value === undefined) return;
    if (value !== null && typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`);
    } else fields.set(path, JSON.stringify(value));
  };
  const { disks, ...rest } = request;
  walk(rest, '');
  for (const { key, ...disk } of disks) walk({ ...disk, key }, `disks[${String(key)}]`);
  return fields;
}
