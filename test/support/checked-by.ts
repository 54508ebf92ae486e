import { describe } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../stack/package-root';

/** Where programs are that judge the examples: `.cache`, as set-up left them, else the system's. */
const places = [join(packageRoot(), '.cache'), '/usr/local/bin', '/usr/bin', '/bin'];

/** Tests that need a program which set-up could not bring to every machine: skipped, with set-up's reason, where it said one. */
export function describeChecked(program: string, name: string, tests: (path: string) => void): void {
  const refused = join(packageRoot(), '.cache', `${program}-refused`);
  const path = places.map((folder) => join(folder, program)).find((each) => existsSync(each));
  if (path !== undefined) {
    describe(name, () => {
      tests(path);
    });
    return;
  }
  if (!existsSync(refused)) throw new Error(`${program} is not here; run: node tools/setup.mjs --for test`);
  process.stderr.write(`${name}: skipped, because there is no ${program}: ${readFileSync(refused, 'utf8')}\n`);
  describe.skip(name, () => {
    tests(program);
  });
}
