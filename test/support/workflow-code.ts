import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../stack/package-root';

/** What a worker in a test runs: the bundle of the build, where no source is newer; else the sources, which takes seconds. */
export function workflowCode(): { workflowBundle: { codePath: string } } | { workflowsPath: string } {
  const root = packageRoot();
  const codePath = join(root, 'dist', 'workflow-bundle.js');
  const built = statSync(codePath, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = ['workflows', 'domain'].flatMap((room) =>
    readdirSync(join(root, room)).map((name) => join(root, room, name)),
  );
  if (sources.every((source) => statSync(source).mtimeMs < built)) return { workflowBundle: { codePath } };
  return { workflowsPath: join(root, 'workflows', 'index.ts') };
}
