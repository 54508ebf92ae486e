// @typescript-eslint/no-restricted-imports: processes are the appliance's port
import { spawn } from 'node:child_process';
export const start = spawn;
