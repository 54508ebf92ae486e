import path from 'node:path';
import { backUp } from '../../database/backup/back-up';
import type { BackupSummary } from '../../database/backup/backup-format';
import { readBackup } from '../../database/backup/read-backup';
import { failure } from '../../domain/failures';
import { loadConfiguration } from '../../worker/config';
import { databaseAccess } from '../../worker/secrets';
import { translateBackupError } from '../backup-failure';
import { requireConfigurationFile, type CommandContext } from '../command-context';
import { patiently } from '../connect';
import { formatTable } from '../tables';
import { withProgress } from '../with-progress';

/** `diskferry backup --to FILE`, which needs the database only, and `diskferry backup --verify FILE`, which needs the file only. */
export async function run(context: CommandContext, options: { to?: string; verify?: string }): Promise<void> {
  const { to, verify } = options;
  if ((to === undefined) === (verify === undefined)) {
    throw failure('usage', { problem: 'Give either --to FILE or --verify FILE', command: 'diskferry backup' });
  }
  if (verify !== undefined) {
    const file = path.resolve(verify);
    const summary = await withProgress(
      context,
      `reading ${file}`,
      translateBackupError(() => readBackup(file)),
    );
    show(context, file, summary, 'is whole');
    return;
  }
  const file = path.resolve(to ?? '');
  const configuration = await loadConfiguration(requireConfigurationFile(context));
  const { url, password } = await databaseAccess(configuration, context.io.env);
  let table = 'tables';
  const writing = patiently(context, () =>
    translateBackupError(() =>
      backUp(url, file, { ...(password !== undefined && { password }), onTable: (name) => (table = name) }),
    ),
  );
  const summary = await withProgress(context, () => `writing ${table} to ${file}`, writing);
  show(context, file, summary, 'is written');
}

function show(context: CommandContext, file: string, summary: BackupSummary, what: string): void {
  const { header, tables, rows, sha256 } = summary;
  context.print(
    formatTable(
      ['TABLE', 'ROWS', 'SHA-256'],
      tables.map((sum) => [sum.endOf, String(sum.rows), sum.sha256]),
      110,
    ),
  );
  context.print();
  context.print(`${file} ${what}: ${rows} rows of ${tables.length} tables of database ${header.database}`);
  context.print(`  made at ${header.madeAt}, schema ${header.schema.migrations.at(-1) ?? "(another system's)"}`);
  context.print(`  sha256 ${sha256}`);
  context.printJson({ file, ...header, rows, sums: tables, sha256 });
}
