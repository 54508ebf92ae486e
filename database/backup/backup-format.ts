import { z } from 'zod';

/**
 * The format of a backup file (docs/backup.md): gzip over lines of JSON, so that it can be read with zcat and jq. One header; per
 * table its columns, one array per row in the order of the primary key, and an end with count and checksum; at last an end of the
 * file. Every value is the text that the server gives for it, or null: no number passes through a double, no time through a zone.
 * Binary columns are base64.
 */
export const BACKUP_FORMAT = 1;

/** What a backup is of: our own tables, or those of an older installation that is adopted. */
const subjectSchema = z.enum(['diskferry', 'older-installation']);

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);
const countSchema = z.int().min(0);

export const headerSchema = z.object({
  diskferryBackup: z.literal(BACKUP_FORMAT),
  subject: subjectSchema,
  /** the database's name; never its user, host or password */
  database: z.string(),
  server: z.string(),
  /** UTC, the server's clock at the snapshot */
  madeAt: z.iso.datetime(),
  schema: z.object({ migrations: z.array(z.string()), fingerprint: sha256Schema }),
  tables: z.array(z.string().min(1)),
});
export type BackupHeader = z.output<typeof headerSchema>;

export const columnSchema = z.object({ name: z.string().min(1), encoding: z.enum(['text', 'base64']) });
export type BackupColumn = z.output<typeof columnSchema>;

export const tableSchema = z.object({ table: z.string(), columns: z.array(columnSchema).min(1) });
export const rowSchema = z.array(z.string().nullable());
export type BackupRow = z.output<typeof rowSchema>;

/** `sha256` is over the lines of the rows, each with its line feed. */
export const tableEndSchema = z.object({ endOf: z.string(), rows: countSchema, sha256: sha256Schema });
export type TableSum = z.output<typeof tableEndSchema>;

/** `sha256` is over every line before this one, each with its line feed. */
export const endSchema = z.object({
  end: z.object({ tables: countSchema, rows: countSchema }),
  sha256: sha256Schema,
});

/** What a whole backup says of itself. */
export interface BackupSummary {
  readonly header: BackupHeader;
  readonly tables: readonly TableSum[];
  readonly rows: number;
  /** of the whole file's lines */
  readonly sha256: string;
}

export function lineOf(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
