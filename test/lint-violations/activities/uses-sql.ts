// @typescript-eslint/no-restricted-imports: SQL is the database's port
import { createPool } from 'mysql2/promise';
export const pool = createPool;
