import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Distributions put servers where a plain user's PATH does not look. */
const ALSO = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Absolute path of an executable from PATH or the system's folders for servers; undefined when it is not installed. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  for (const folder of new Set([...folders, ...ALSO])) {
    const path = join(folder, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/** Runs a program to its end; never throws for what the program does. `output` is standard output and error as they came. */
export async function runProgram(path: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  return await new Promise((resolve) => {
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const parts: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => parts.push(part));
    child.stderr.on('data', (part: Buffer) => parts.push(part));
    const finish = (code: number, more = '') => {
      resolve({ code, output: Buffer.concat(parts).toString('utf8') + more });
    };
    child.on('error', (error) => {
      finish(127, error.message);
    });
    child.on('close', (code) => {
      finish(code ?? 1);
    });
  });
}
