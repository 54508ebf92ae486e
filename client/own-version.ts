import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../stack/package-root';

/** The version of this installation, as its package.json says. */
export function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(path.join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  return version;
}
