// @typescript-eslint/no-restricted-imports: the simulator shares nothing with what it tests
import { makeEffect } from '../activities/effect';
export const effect = makeEffect();
