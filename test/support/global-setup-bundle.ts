import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { servers } from './servers';
import { BUNDLE_VARIABLE } from './workflow-bundle';

/** Bundles the workflows as they are in this clone, once per jest run: it takes several seconds of processor time. */
export default async function bundleOnce(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'diskferry-bundle-'));
  servers.push(() => rm(folder, { recursive: true, force: true }));
  const { code } = await bundleWorkflowCode({
    workflowsPath: require.resolve('../../workflows/index.ts'),
    logger: new DefaultLogger('ERROR'),
  });
  const file = join(folder, 'workflows.js');
  await writeFile(file, code);
  process.env[BUNDLE_VARIABLE] = file;
}
