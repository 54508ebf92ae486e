/** Runs one statement on the connection that holds the migration lock. */
type RunStatement = (statement: string) => Promise<void>;

/**
 * One step of the schema. Never changed once it was released: a further change is a further migration. DDL is committed statement
 * by statement, so `up` must be repeatable after being cut off anywhere, and an ALTER TABLE gets a migration of its own. The SQL
 * is what MariaDB 10.6 and MySQL 8 have in common.
 */
export interface Migration {
  readonly name: string;
  up(run: RunStatement): Promise<void>;
}

/**
 * Engine, character set and collation of every table. The comment begins with the word by which a table of ours is told from one
 * of the same name that another system made.
 */
export function tableOptions(purpose: string): string {
  return `ENGINE=InnoDB DEFAULT CHARACTER SET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='${OUR_TABLE_COMMENT}: ${purpose}'`;
}

export const OUR_TABLE_COMMENT = 'Diskferry';

/** Site, source and id of the VM at its source: the same three columns in every table that belongs to a source VM. */
export const sourceVmColumns = `
  site VARCHAR(63) NOT NULL,
  source_id VARCHAR(100) NOT NULL,
  source_vm_id VARCHAR(64) NOT NULL`;
