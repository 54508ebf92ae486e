import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import type { WorkerConfiguration } from './config';

/**
 * Warnings about commands of the configuration that cannot be run on this machine. No more than warnings: one file may serve several
 * machines, and a guest step runs on the appliance, other hooks where the site's queue is served.
 *
 * @param searchPath - PATH, where a program without a slash is looked for
 */
export async function commandWarnings(
  configuration: WorkerConfiguration,
  searchPath = process.env['PATH'],
): Promise<string[]> {
  const warnings: string[] = [];
  for (const { name, hooks, convert } of configuration.sites.values()) {
    const sections = [...hooks].map(([hook, { command }]) => ({ section: `hook.${hook}`, program: command[0] }));
    if (convert !== undefined) sections.push({ section: 'convert', program: convert.command[0] });
    for (const { section, program } of sections) {
      const problem = await whyNotRunnable(program, searchPath ?? '');
      if (problem !== undefined) warnings.push(`[site.${name}.${section}] command: ${problem}`);
    }
  }
  return warnings;
}

async function whyNotRunnable(program: string, searchPath: string): Promise<string | undefined> {
  if (program.includes('/')) return await whyNoProgram(program);
  for (const folder of searchPath.split(path.delimiter).filter((name) => name !== '')) {
    if ((await whyNoProgram(path.join(folder, program))) === undefined) return undefined;
  }
  return `${program} is in no folder of PATH on this machine`;
}

async function whyNoProgram(file: string): Promise<string | undefined> {
  try {
    if (!(await stat(file)).isFile()) return `${file} is no file`;
    await access(file, constants.X_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return `${file} does not exist on this machine`;
    if (code === 'EACCES') return `${file} is not executable by this user; run: chmod +x ${file}`;
    throw error;
  }
}
