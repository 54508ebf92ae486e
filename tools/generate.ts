import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../stack/package-root';
import { commandsPage } from './generate/commands-page';
import { configurationPage } from './generate/configuration-page';
import { findingsPage } from './generate/findings-page';
import { schemaFiles } from './generate/schema-files';
import { metricsPage } from './generate/metrics-page';
import { stepsPage } from './generate/steps-page';
import { troubleshootingPage } from './generate/troubleshooting-page';

/**
 * Writes the pages and schemas of docs/ that follow from the code. With `--check` it writes nothing and fails where a file is not as
 * it would be written.
 */
async function main(check: boolean): Promise<void> {
  const files: Readonly<Record<string, string>> = {
    'docs/troubleshooting.md': troubleshootingPage(),
    'docs/findings.md': findingsPage(),
    'docs/steps.md': stepsPage(),
    'docs/commands.md': commandsPage(),
    'docs/configuration.md': configurationPage(),
    'docs/metrics.md': metricsPage(),
    ...schemaFiles(),
  };
  const stale: string[] = [];
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(packageRoot(), name);
    const before = await readFile(file, 'utf8').catch(() => undefined);
    if (before === content) continue;
    stale.push(name);
    if (check) continue;
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  if (stale.length === 0) process.stdout.write('generated files are up to date\n');
  else if (check) {
    process.stderr.write(`not as the code says: ${stale.join(', ')}; run: npm run generate\n`);
    process.exitCode = 1;
  } else process.stdout.write(`written: ${stale.join(', ')}\n`);
}

main(process.argv.includes('--check')).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
