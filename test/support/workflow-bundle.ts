import { readFile } from 'node:fs/promises';

/** Where global-setup-bundle.ts tells the test files that the bundle is. */
export const BUNDLE_VARIABLE = 'DISKFERRY_TEST_WORKFLOW_BUNDLE';

/** The bundle of this jest run. */
export async function readWorkflowBundle(): Promise<{ readonly code: string }> {
  const file = process.env[BUNDLE_VARIABLE];
  if (file === undefined) throw new Error('this jest project bundles no workflows: see withBundle in jest.config.js');
  return { code: await readFile(file, 'utf8') };
}
