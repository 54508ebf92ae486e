// @typescript-eslint/no-restricted-imports: a site is judged by what CloudStack lists; what was promised is the activities' to know
import { openDatabase } from '../../database/open';
export const open = openDatabase;
