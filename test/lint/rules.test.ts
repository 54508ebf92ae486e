import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const violations = join(root, 'test', 'lint-violations');
const files = readdirSync(violations, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap((room) => readdirSync(join(violations, room.name)).map((name) => join(room.name, name)));

interface LintResult {
  readonly filePath: string;
  readonly messages: readonly { readonly ruleId: string | null; readonly message: string }[];
}

/**
 * Lints the violations where they would do harm: copied under the room that their folder names, in one throw-away folder inside
 * each room, so that the project's own configuration and types apply to them. ESLint runs as a process of its own, because it
 * is an ES module that jest cannot load.
 */
function lintViolations(): Map<string, LintResult['messages']> {
  const copies = new Map<string, string>();
  const folders = new Map<string, string>();
  try {
    for (const file of files) {
      const room = file.split('/')[0] ?? '';
      const folder = folders.get(room) ?? mkdtempSync(join(root, room, 'violations-'));
      folders.set(room, folder);
      const copy = join(folder, file.split('/')[1] ?? '');
      cpSync(join(violations, file), copy);
      copies.set(copy, file);
    }
    let output: string;
    try {
      output = execFileSync(
        process.execPath,
        [join(root, 'node_modules/eslint/bin/eslint.js'), '--format', 'json', ...copies.keys()],
        { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
      );
    } catch (error) {
      output = String((error as { stdout?: unknown }).stdout);
    }
    const results = JSON.parse(output) as LintResult[];
    return new Map(results.map((result) => [copies.get(result.filePath) ?? result.filePath, result.messages]));
  } finally {
    for (const folder of folders.values()) rmSync(folder, { recursive: true, force: true });
  }
}

describe('each rule of the house can fail', () => {
  const messages = lintViolations();

  test('there are violations to find', () => {
    expect(files.length).toBeGreaterThan(10);
  });

  test.each(files)('%s', (file) => {
    const rule = /^\/\/ ([^:]+):/.exec(readFileSync(join(violations, file), 'utf8'))?.[1];
    expect(rule).toBeDefined();
    expect(messages.get(file)?.map((message) => message.ruleId)).toContain(rule);
  });
});
