// @typescript-eslint/no-restricted-imports: only own-simulator.ts starts a simulator; everything else knows an endpoint
import { startSimulator } from '../simulator/start';

export const simulator = startSimulator();
