// @typescript-eslint/no-restricted-imports: an orchestrator's client must not load the worker's native part
import { Worker } from '@temporalio/worker';
export const worker = Worker;
