import { createHash } from 'node:crypto';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { OUR_TABLE_COMMENT } from './migrations/migration';
import { tableNames } from './schema';

/**
 * Our tables as the server describes them, one sorted line per table, column, index column, constraint and trigger. Spelling in
 * which servers and their versions differ (display widths, back ticks, letter case of expressions) is evened out, so that an
 * upgrade of the server does not look like a change by hand.
 */
export async function describeSchema(connection: Connection): Promise<string[]> {
  const rows = async (select: string): Promise<RowDataPacket[]> =>
    (await connection.query<RowDataPacket[]>(select, [tableNames]))[0];
  const lines: string[] = [];
  for (const row of await rows(TABLES)) {
    lines.push(`table ${text(row, 'tbl')} ${text(row, 'engine')} ${text(row, 'coll')}`);
  }
  for (const row of await rows(COLUMNS)) {
    const type = text(row, 'type').replace(/^(tinyint|smallint|int|bigint)\(\d+\)/, '$1');
    const extra = text(row, 'extra').toLowerCase().replace('default_generated', '').trim();
    lines.push(
      [
        `column ${text(row, 'tbl')}.${text(row, 'col')} ${type}`,
        text(row, 'nullable') === 'YES' ? 'null' : 'not null',
        text(row, 'coll'),
        `default ${plainExpression(text(row, 'def'))}`,
        extra,
        plainExpression(text(row, 'gen')),
      ]
        .join(' ')
        .trimEnd(),
    );
  }
  for (const row of await rows(INDEXES)) {
    const unique = text(row, 'non_unique') === '0' ? 'unique ' : '';
    lines.push(`index ${text(row, 'tbl')}.${text(row, 'idx')} ${unique}${text(row, 'cols')}`);
  }
  for (const row of await rows(CONSTRAINTS)) {
    lines.push(`constraint ${text(row, 'tbl')}.${text(row, 'name')} ${text(row, 'type')}`);
  }
  for (const row of await rows(TRIGGERS)) lines.push(`trigger ${text(row, 'tbl')}.${text(row, 'name')}`);
  return lines.sort();
}

/** One short value for a description. */
export function fingerprintOf(description: readonly string[]): string {
  return createHash('sha256').update(description.join('\n')).digest('hex');
}

/** What is different, as sentences; `only` limits it to tables that are described in `before`. */
export function differences(before: readonly string[], now: readonly string[], only?: 'known tables'): string[] {
  const known = new Set(before.flatMap((line) => (line.startsWith('table ') ? [line.split(' ')[1] ?? ''] : [])));
  const counts = (line: string) => only === undefined || known.has(/^\w+ (\w+)/.exec(line)?.[1] ?? '');
  const was = new Set(before);
  const is = new Set(now);
  return [
    ...before.filter((line) => !is.has(line)).map((line) => `missing: ${line}`),
    ...now.filter((line) => !was.has(line) && counts(line)).map((line) => `not ours: ${line}`),
  ];
}

/** Tables of our names that do not say that they are ours. */
export async function foreignTables(connection: Connection): Promise<string[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT TABLE_NAME AS tbl FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (?) AND TABLE_COMMENT NOT LIKE ? ORDER BY 1`,
    [tableNames, `${OUR_TABLE_COMMENT}:%`],
  );
  return rows.map((row) => text(row, 'tbl'));
}

const OURS = 'TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (?)';
const TABLES = `SELECT TABLE_NAME AS tbl, ENGINE AS engine, TABLE_COLLATION AS coll
  FROM information_schema.TABLES WHERE ${OURS}`;
const COLUMNS = `SELECT TABLE_NAME AS tbl, COLUMN_NAME AS col, COLUMN_TYPE AS type, IS_NULLABLE AS nullable,
    COLLATION_NAME AS coll, COLUMN_DEFAULT AS def, EXTRA AS extra, GENERATION_EXPRESSION AS gen
  FROM information_schema.COLUMNS WHERE ${OURS}`;
const INDEXES = `SELECT TABLE_NAME AS tbl, INDEX_NAME AS idx, NON_UNIQUE AS non_unique,
    GROUP_CONCAT(CONCAT(COLUMN_NAME, COALESCE(CONCAT('(', SUB_PART, ')'), '')) ORDER BY SEQ_IN_INDEX) AS cols
  FROM information_schema.STATISTICS WHERE ${OURS} GROUP BY TABLE_NAME, INDEX_NAME, NON_UNIQUE`;
const CONSTRAINTS = `SELECT TABLE_NAME AS tbl, CONSTRAINT_NAME AS name, CONSTRAINT_TYPE AS type
  FROM information_schema.TABLE_CONSTRAINTS WHERE ${OURS} AND CONSTRAINT_TYPE NOT IN ('PRIMARY KEY', 'UNIQUE')`;
const TRIGGERS = `SELECT EVENT_OBJECT_TABLE AS tbl, TRIGGER_NAME AS name
  FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE IN (?)`;

/** A value of information_schema as text, NULL as nothing. MySQL 8 gives some of its texts as bytes. */
function text(row: RowDataPacket, column: string): string {
  const value = row[column] as Buffer | string | number | null | undefined;
  if (value === null || value === undefined) return '';
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
}

function plainExpression(expression: string): string {
  if (expression === 'NULL') return '';
  return expression
    .toLowerCase()
    .replaceAll(/_utf8mb[34]/g, '')
    .replaceAll(/[`()\\'\s]/g, '');
}
