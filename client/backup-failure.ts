import { BackupError } from '../database/backup/backup-error';
import { type Busy, NotQuietError } from '../database/backup/who-runs';
import { type DiskferryFailure, failure } from '../domain/failures';
import { translateDatabaseError } from '../worker/database-failure';

/** Runs work on backups and gives its errors the words of the failure table. */
export async function translateBackupError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await translateDatabaseError(work);
  } catch (error) {
    if (error instanceof NotQuietError) throw notQuiet(error.busy, error);
    if (error instanceof BackupError) throw backupFailure(error);
    throw error;
  }
}

/** The refusal that names everybody who still works with the database. */
export function notQuiet(busy: readonly Busy[], cause?: Error): DiskferryFailure {
  const who = busy.map((one) => `${one.who} ${one.does}`).join('; ');
  return failure('restore-not-quiet', { who }, { cause });
}

function backupFailure(error: BackupError): DiskferryFailure {
  const fields = { file: error.file, cause: error.reason };
  switch (error.problem) {
    case 'unreadable':
    case 'foreign':
    case 'damaged':
      return failure('backup-unusable', fields, { cause: error });
    case 'schema':
      return failure('backup-schema-differs', fields, { cause: error });
    case 'unwritable':
      return failure('backup-unwritable', fields, { cause: error });
    case 'refused':
      return failure('backup-refused', fields, { cause: error });
  }
}
