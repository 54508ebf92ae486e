import type { WorldFile } from '../world-file';
import { defaultWorld } from './default';
import { demoWorld } from './demo';

/** The worlds that can be named instead of a file. */
export const builtInWorlds: Readonly<Record<string, WorldFile>> = { default: defaultWorld, demo: demoWorld };
