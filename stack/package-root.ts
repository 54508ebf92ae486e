import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of this installation: the nearest one above that has a package.json, from stack/ and from dist/stack/ alike. */
export function packageRoot(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder);
    if (above === folder) throw new Error(`no package.json above ${__dirname}`);
    folder = above;
  }
  return folder;
}
