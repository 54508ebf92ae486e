import path from 'node:path';
import type { DatabaseAt } from '../../database/adopt/adopt';
import { rewritePaths } from '../../database/adopt/rewrite-paths';
import { planUndo, undoAdoption } from '../../database/adopt/undo-adoption';
import { failure } from '../../domain/failures';
import { translateAdoptionError } from '../adoption-failure';
import type { CommandContext } from '../command-context';

/** `diskferry adopt --undo`: our tables go after a backup, the older ones come back; or the copied rows go. */
export async function runUndo(
  context: CommandContext,
  ours: DatabaseAt,
  options: { readonly apply?: boolean; readonly backup?: string },
): Promise<void> {
  if (options.apply === true && options.backup === undefined) {
    throw failure('usage', { problem: '--apply needs --backup FILE', command: 'diskferry adopt' });
  }
  const plan = await translateAdoptionError(() => planUndo(ours));
  const { record, made, used } = plan;
  context.print(
    `Adoption ${record.id} (${record.mode}, ${record.state}) of ${record.beganAt} ${options.apply === true ? 'is' : 'would be'} taken back:`,
  );
  context.print(
    record.mode === 'copy'
      ? `  the rows of ${record.details.volumes.length} volumes that it wrote go`
      : `  Diskferry's tables go; ${record.details.aside.map(({ table }) => table).join(', ')} get their names and foreign keys back`,
  );
  for (const volume of made) context.print(`warning  volume ${volume} was made since: only the backup will know it`);
  for (const volume of used)
    context.print(`warning  volume ${volume} was worked on since: look where it is attached now`);
  if (options.apply !== true) {
    context.print('Nothing was changed. To do it, add --apply --backup FILE.');
    context.printJson({ undo: plan, applied: false });
    return;
  }
  const backup = path.resolve(options.backup ?? '');
  await translateAdoptionError(() => undoAdoption(ours, backup));
  context.print(
    `Taken back. ${record.state === 'done' ? `Diskferry's rows are in ${backup}.` : 'There were no rows of ours yet.'}`,
  );
  context.printJson({ undo: plan, applied: true, backup });
}

/** `diskferry adopt --rewrite-paths [--undo]` after an adoption. */
export async function runRewrite(
  context: CommandContext,
  ours: DatabaseAt,
  options: { readonly undo: boolean; readonly apply: boolean },
): Promise<void> {
  const changes = await translateAdoptionError(() => rewritePaths(ours, options));
  if (changes.length === 0) context.print('No device path is to be rewritten.');
  for (const { from, to } of changes) {
    context.print(from);
    context.print(`  ${options.apply ? 'is now' : 'would be'} ${to}`);
  }
  if (changes.length > 0 && !options.apply) context.print('Nothing was changed. To do it, add --apply.');
  context.printJson({ rewritten: changes, applied: options.apply });
}
