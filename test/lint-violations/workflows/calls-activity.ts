// @typescript-eslint/no-restricted-imports: a workflow knows its activities by type alone
import { makeEffect } from '../activities/effect';
export const effect = makeEffect();
