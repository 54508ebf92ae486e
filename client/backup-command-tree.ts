import type { Command } from 'commander';
import type { CliIo, CommonOptions } from './command-context';
import { commandModules } from './command-modules';
import type { RestoreCommandOptions } from './commands/restore';
import { contextOf, declare } from './declare-command';

/** Declares `backup` and `restore`. */
export function addBackupCommands(program: Command, io: CliIo): void {
  declare(program, 'backup', "write the database's tables to a file, or prove that such a file is whole", [
    'diskferry backup --to /var/backups/diskferry-2026-03-01.jsonl.gz   # beside running workers',
    'diskferry backup --verify /var/backups/diskferry-2026-03-01.jsonl.gz   # needs no database',
  ])
    .option('--to <file>', 'write a new file; one that is there is never overwritten')
    .option('--verify <file>', 'read a file whole and compare its counts and checksums')
    .action((options: CommonOptions & { to?: string; verify?: string }) =>
      commandModules.backup().run(contextOf(io, options), options),
    );

  declare(program, 'restore', "replace the rows of the database's tables by those of a backup; shows the plan first", [
    'diskferry restore --from /var/backups/diskferry-2026-03-01.jsonl.gz   # the plan, and who must stop first',
    'diskferry restore --from /var/backups/diskferry-2026-03-01.jsonl.gz --apply',
  ])
    .requiredOption('--from <file>', "a file of 'diskferry backup'")
    .option('--apply', 'do it; without it the plan is shown, and at a terminal you are asked')
    .option('--trust-volumes', 'no run wrote a volume since the backup: what it says is verified counts as verified')
    .option('--without-temporal', 'do not ask Temporal which workflows run: you know that none does')
    .action((options: CommonOptions & RestoreCommandOptions) =>
      commandModules.restore().run(contextOf(io, options), options),
    );
}
