import { fileURLToPath } from 'node:url';

/** The folder of this clone, without a slash at its end. */
export const cloneDirectory = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
