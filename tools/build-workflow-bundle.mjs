/** Bundles the workflows once, so that a worker neither needs webpack at start nor can run code that differs from the release. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { cloneDirectory } from './setup/clone.mjs';

const workflowsPath = join(cloneDirectory, 'workflows/index.ts');
if (existsSync(workflowsPath)) {
  const { code } = await bundleWorkflowCode({ workflowsPath });
  mkdirSync(join(cloneDirectory, 'dist'), { recursive: true });
  writeFileSync(join(cloneDirectory, 'dist/workflow-bundle.js'), code);
} else {
  process.stderr.write('there are no workflows yet\n');
}
