// @typescript-eslint/no-restricted-imports: domain/ imports nothing of the other rooms
import { openDatabase } from '../database/open';
export const database = openDatabase;
