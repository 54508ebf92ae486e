import type { Connection } from 'mysql2/promise';

/**
 * Settings under which rows are read as they are stored and written back the same: times in UTC, zeros and zero dates taken as they
 * come, no backslash read in another way than the driver writes it.
 */
export async function setBackupSession(connection: Connection): Promise<void> {
  await connection.query("SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'");
  await connection.query("SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 10");
}
