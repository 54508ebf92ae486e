// @typescript-eslint/no-restricted-imports: files and links are the appliance's port
import { rm } from 'node:fs/promises';
export const remove = rm;
