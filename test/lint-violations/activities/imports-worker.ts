// @typescript-eslint/no-restricted-imports: imports point downwards only
import { loadConfiguration } from '../worker/config';
export const load = loadConfiguration;
