import { closeSync, ftruncateSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes a sparse file of a size, or gives the one that is there that size; its data stays. */
export function makeSparseFile(path: string, sizeBytes: number): void {
  const descriptor = openWithFolder(path);
  try {
    ftruncateSync(descriptor, sizeBytes);
  } finally {
    closeSync(descriptor);
  }
}

/** The folder is made when it is missing, which is once. */
function openWithFolder(path: string): number {
  try {
    return openSync(path, 'a', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, 'a', 0o600);
  }
}
